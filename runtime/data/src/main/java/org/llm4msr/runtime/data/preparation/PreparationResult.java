package org.llm4msr.runtime.data.preparation;

import java.nio.file.Path;
import java.util.Locale;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.SplitCounts;

/**
 * What a preparation gave.
 *
 * @param folder the prepared data
 * @param manifest its manifest
 * @param reused whether it was there already, from the same settings and sources
 */
public record PreparationResult(Path folder, DatasetManifest manifest, boolean reused) {

  /** Returns the counts of rows, users and scenarios in words. */
  public String text() {
    return text(folder, manifest.rows(), manifest.users(), manifest.scenarios().size(), reused);
  }

  static String text(Path folder, SplitCounts rows, long users, long scenarios, boolean reused) {
    return String.format(
        Locale.ROOT,
        "%s: %,d training, %,d validation and %,d test rows of %,d users in %d scenarios%s",
        folder,
        rows.train(),
        rows.validation(),
        rows.test(),
        users,
        scenarios,
        reused ? " (already prepared)" : "");
  }
}

package org.llm4msr.runtime.data.prepared;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;

/**
 * The files of the rows of a split: {@code train.arrow}, or, where the manifest lists them, the
 * parts {@code train/part-00000.arrow} and so on, whose rows follow one another.
 */
public final class SplitFiles {

  private SplitFiles() {}

  /** Returns the name of a split's only file. */
  public static String name(Split split) {
    return split.key() + ".arrow";
  }

  /** Returns the name of one of several files of a split, counted from 0. */
  public static String part(Split split, int number) {
    return String.format(Locale.ROOT, "%s/part-%05d.arrow", split.key(), number);
  }

  /**
   * Returns the files of a split in the order of their rows.
   *
   * @param folder of prepared data
   * @throws org.llm4msr.api.MsrException data/BAD_MANIFEST where the manifest lists both forms
   */
  public static List<Path> of(Path folder, DatasetManifest manifest, Split split) {
    String parts = split.key() + "/";
    List<Path> files =
        manifest.files().keySet().stream()
            .filter(name -> name.startsWith(parts))
            .map(folder::resolve)
            .toList();
    if (files.isEmpty()) {
      return List.of(folder.resolve(name(split)));
    }
    if (manifest.files().containsKey(name(split))) {
      throw DataErrors.data(
          "BAD_MANIFEST",
          "%s lists %s beside the parts of %s. Remove one of them."
              .formatted(folder.resolve(ManifestFile.NAME), name(split), parts));
    }
    return files;
  }

  /** Opens the rows of a split, as one file. */
  public static ArrowFile open(Path folder, DatasetManifest manifest, Split split) {
    return ArrowFile.open(of(folder, manifest, split));
  }
}

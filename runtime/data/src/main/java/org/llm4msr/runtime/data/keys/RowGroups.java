package org.llm4msr.runtime.data.keys;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.SplitFiles;

/** The groups of the rows of one part: what was shown together, such as an impression. */
public final class RowGroups {

  private final ArrowFile part;
  private final @Nullable IdColumn column;

  private RowGroups(ArrowFile part, int groups) {
    this.part = part;
    this.column = groups == 0 ? null : new IdColumn(part, SplitColumns.GROUP, groups + 1);
  }

  /**
   * Returns those of a part, read in place.
   *
   * @param prepared folder of prepared data
   */
  public static RowGroups of(Path prepared, Split split) {
    DatasetManifest manifest = ManifestFile.read(prepared);
    return new RowGroups(SplitFiles.open(prepared, manifest, split), manifest.groups());
  }

  /** Returns whether the data has groups. */
  public boolean any() {
    return column != null;
  }

  /** Returns the number of a row's group, from 1; 0 if it has none. */
  public int of(long row) {
    return column == null ? 0 : column.get(part.locate(row));
  }
}

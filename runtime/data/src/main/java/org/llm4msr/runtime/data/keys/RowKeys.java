package org.llm4msr.runtime.data.keys;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.SplitFiles;

/** The raw ids of the rows of one part. */
public interface RowKeys {

  /** Returns the raw id of a user by index. */
  String user(int index);

  /** Returns the raw id of the item of a row, or null if the data does not have it. */
  @Nullable String item(long row);

  /** Returns the raw id of the group of a row, or null if it has none. */
  @Nullable String group(long row);

  /**
   * Returns those of a part, decoded when asked for.
   *
   * @param prepared folder of prepared data
   */
  static RowKeys of(Path prepared, Split split) {
    return new InFolder(prepared, split);
  }

  /** Reads keys in place. */
  final class InFolder implements RowKeys {
    private final ArrowFile part;
    private final List<String> users;
    private final List<String> items;
    private final @Nullable IdColumn item;
    private final RowGroups groups;
    private final List<String> groupKeys;

    private InFolder(Path folder, Split split) {
      part = SplitFiles.open(folder, ManifestFile.read(folder), split);
      users = keys(folder, PreparedFolder.USERS);
      boolean named = part.has(SplitColumns.ITEM);
      items = named ? keys(folder, PreparedFolder.ITEMS) : List.of();
      item = named ? new IdColumn(part, SplitColumns.ITEM, items.size()) : null;
      groups = RowGroups.of(folder, split);
      boolean keyed = Files.exists(folder.resolve(PreparedFolder.GROUPS));
      groupKeys = keyed ? keys(folder, PreparedFolder.GROUPS) : List.of();
    }

    private static List<String> keys(Path folder, String file) {
      return new TextColumn(ArrowFile.open(folder.resolve(file)), PreparedFolder.KEY);
    }

    @Override
    public String user(int index) {
      return users.get(index);
    }

    @Override
    public @Nullable String item(long row) {
      return item == null ? null : items.get(item.get(part.locate(row)));
    }

    @Override
    public @Nullable String group(long row) {
      int group = groups.of(row);
      return group == 0 || groupKeys.isEmpty() ? null : groupKeys.get(group - 1);
    }
  }
}

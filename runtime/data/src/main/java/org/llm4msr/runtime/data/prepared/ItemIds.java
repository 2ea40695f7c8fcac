package org.llm4msr.runtime.data.prepared;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;

/**
 * The ids that items have in fields of theirs.
 *
 * @param folder of prepared data, or of a bundle's part of it
 */
public record ItemIds(Path folder, DatasetManifest manifest) {

  /** Returns the field that holds the raw ids of items; nothing where none is known to. */
  public Optional<PreparedField> field() {
    Map<String, FieldSource> sources = FieldSource.read(folder);
    return manifest.fields().stream()
        .filter(field -> FieldForm.of(field.kind()) == FieldForm.ID)
        .filter(
            field -> {
              FieldSource source = sources.get(field.name());
              return source != null && source.column().equals(RawSchema.ITEM);
            })
        .findFirst();
  }

  /**
   * Reads the ids of a field by the index of the item; 0 of the item after the last, which is not
   * known.
   *
   * @throws MsrException {@code model/SEQUENCE_TABLE} where items do not have one each
   */
  public int[] of(PreparedField field) {
    Path file = folder.resolve(PreparedFolder.ITEM_FEATURES);
    ArrowFile items = Files.exists(file) ? ArrowFile.open(file) : null;
    if (items == null
        || !items.has(field.name())
        || FieldForm.of(field.kind()) != FieldForm.ID
        || items.rows() != manifest.items()) {
      throw new MsrException(
          ErrorType.USER,
          "model/SEQUENCE_TABLE",
          "A sequence of items reads the table of the field '%s', but %s does not have one id of it for each of %,d items. Name a field of items in 'table'."
              .formatted(field.name(), file, manifest.items()));
    }
    IdColumn column = new IdColumn(items, field.name(), field.vocabularySize());
    int[] ids = new int[manifest.items() + 1];
    for (int item = 0; item < manifest.items(); item++) {
      ids[item] = column.get(items.locate(item));
    }
    return ids;
  }
}

package org.llm4msr.runtime.data.prepared;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.files.SmallFiles;

/**
 * Where a field's values come from: an entry of {@code field-sources.json}.
 *
 * @param field its name
 * @param home USERS or ITEMS where every user or item has one value, INTERACTIONS where every row
 *     has its own
 * @param column the raw column
 */
public record FieldSource(String field, RawTable home, String column) {

  /** The columns of raw ids. */
  public static final List<String> IDS =
      List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO);

  public FieldSource {
    requireNonNull(field, "field is null");
    requireNonNull(home, "home is null");
    requireNonNull(column, "column is null");
  }

  /**
   * Reads those of prepared data, by field; none where another program wrote it without.
   *
   * @param folder of prepared data
   */
  public static Map<String, FieldSource> read(Path folder) {
    Path file = folder.resolve(PreparedFolder.FIELD_SOURCES);
    if (!Files.exists(file)) {
      return Map.of();
    }
    try {
      List<FieldSource> sources =
          ManifestFile.JSON.readValue(SmallFiles.read(file), new TypeReference<>() {});
      return sources.stream().collect(Collectors.toMap(FieldSource::field, Function.identity()));
    } catch (IOException | IllegalStateException e) {
      throw DataErrors.data(
          "BAD_MANIFEST", file + " is broken: " + e.getMessage() + ". Prepare the data again.");
    }
  }
}

package org.llm4msr.runtime.data.prepared;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawField;
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
 * @param input the field whose column rows to score bring for this one, too, as both are read from
 *     one raw column; null where they bring it under its own name
 */
public record FieldSource(
    String field,
    RawTable home,
    String column,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String input) {

  private static final String INPUT = "input";

  /** The columns of raw ids. */
  public static final List<String> IDS =
      List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO);

  public FieldSource {
    requireNonNull(field, "field is null");
    requireNonNull(home, "home is null");
    requireNonNull(column, "column is null");
  }

  /** Returns the home of a raw field. */
  public static RawTable home(RawField field) {
    if (field.kind() instanceof FieldKind.Crossed) {
      return RawTable.INTERACTIONS;
    }
    if (!(field.kind() instanceof FieldKind.Categorical)) {
      return field.table();
    }
    return switch (field.column()) {
      case RawSchema.USER ->
          field.table() == RawTable.INTERACTIONS ? RawTable.USERS : field.table();
      case RawSchema.ITEM ->
          field.table() == RawTable.INTERACTIONS ? RawTable.ITEMS : field.table();
      default -> field.table();
    };
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
      JsonNode tree = ManifestFile.JSON.readTree(SmallFiles.read(file));
      for (JsonNode node : tree) {
        if (node instanceof ObjectNode source && !source.has(INPUT)) {
          source.putNull(INPUT); // Only a field that others bring says so.
        }
      }
      List<FieldSource> sources =
          ManifestFile.JSON.readValue(
              ManifestFile.JSON.treeAsTokens(tree), new TypeReference<>() {});
      return sources.stream().collect(Collectors.toMap(FieldSource::field, Function.identity()));
    } catch (IOException | IllegalStateException e) {
      throw DataErrors.data(
          "BAD_MANIFEST", file + " is broken: " + e.getMessage() + ". Prepare the data again.");
    }
  }
}

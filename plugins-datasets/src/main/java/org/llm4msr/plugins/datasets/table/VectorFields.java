package org.llm4msr.plugins.datasets.table;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.input.VectorFileInput;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;
import org.llm4msr.toolkit.database.SqlText;
import org.llm4msr.toolkit.vectors.VectorFile;
import org.llm4msr.toolkit.vectors.VectorSettings;

/** Fields of users and items whose vectors are in files of their own, by raw id. */
final class VectorFields {

  /** The number of a described row; the columns of fields have longer names. */
  private static final String ROW = SqlText.identifier(FieldColumns.FIELD);

  private final DatasetContext context;
  private final RawDatabase database;
  private final Map<TableField, VectorFileInput> inputs = new LinkedHashMap<>();

  VectorFields(DatasetContext context, RawDatabase database) {
    this.context = context;
    this.database = database;
  }

  void add(TableField field, String file) {
    String name = TableFormat.name(field);
    if (field.table() == RawTable.INTERACTIONS || field.kind() != TableConfig.Kind.VECTOR) {
      throw TableFormat.wrongUse(
          "The field %s has the file %s. Only fields of the tables users and items have one, of kind vector."
              .formatted(name, file));
    }
    VectorSettings settings =
        new VectorSettings(
            field.key(),
            field.column(),
            "data",
            "dataset.fields; files of a table are relative to dataset.path",
            "column and key of the field %s in dataset.fields".formatted(name));
    VectorFile vectors = VectorFile.of(context.folder().resolve(file), settings);
    inputs.put(field, new VectorFileInput(vectors, context.scratch(), context.threads()));
  }

  /** Returns the tables that have such fields. */
  Set<RawTable> tables() {
    return inputs.keySet().stream().map(TableField::table).collect(Collectors.toSet());
  }

  Stream<Path> files() {
    return inputs.values().stream().flatMap(input -> input.file().parts().stream());
  }

  /** Returns how many numbers the vectors of a field have; empty if it has no file. */
  OptionalInt size(TableField field) {
    VectorFileInput input = inputs.get(field);
    return input == null ? OptionalInt.empty() : OptionalInt.of(input.size());
  }

  /**
   * Adds the vectors to users or items. Those that only a file of vectors knows are added, too. The
   * described rows keep their order: of several with one id, the first may be the one that counts.
   *
   * @param key the column of the id
   * @param described a query for the rows that are described otherwise, or null
   */
  String join(RawTable table, String key, @Nullable String described) {
    String id = SqlText.identifier(key);
    List<String> sources = new ArrayList<>();
    inputs.forEach(
        (field, input) -> {
          if (field.table() == table) {
            sources.add(vectors(field, id, input));
          }
        });
    if (described == null) {
      return "SELECT * FROM " + join(sources, id);
    }
    if (sources.isEmpty()) {
      return described;
    }
    sources.add(
        0,
        "(SELECT * REPLACE (%1$s::VARCHAR AS %1$s), row_number() OVER () AS %2$s FROM (%3$s))"
            .formatted(id, ROW, described));
    return "SELECT * EXCLUDE (%1$s) FROM %2$s ORDER BY %1$s NULLS LAST"
        .formatted(ROW, join(sources, id));
  }

  private String vectors(TableField field, String id, VectorFileInput input) {
    return "(SELECT %s AS %s, %s::FLOAT[] AS %s FROM %s)"
        .formatted(
            VectorFileInput.KEY,
            id,
            VectorFileInput.VECTOR,
            SqlText.identifier(FieldColumns.FIELD + TableFormat.name(field)),
            database.input(input));
  }

  private static String join(List<String> sources, String id) {
    return sources.stream()
        .skip(1)
        .map(source -> " FULL JOIN " + source + " USING (" + id + ")")
        .collect(joining("", sources.get(0), ""));
  }
}

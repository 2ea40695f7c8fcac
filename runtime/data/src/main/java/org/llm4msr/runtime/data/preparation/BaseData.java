package org.llm4msr.runtime.data.preparation;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.VectorMoments;

/**
 * The prepared data that new data extends: known values keep their ids, known numbers their mean
 * and deviation, known scenarios their ranks, and known users and items stay known.
 */
final class BaseData {

  private final Path folder;
  private final DatasetManifest manifest;

  private BaseData(Path folder, DatasetManifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  static @Nullable BaseData open(@Nullable Path folder) {
    return folder == null ? null : new BaseData(folder, ManifestFile.read(folder));
  }

  DatasetManifest manifest() {
    return manifest;
  }

  List<String> scenarios() {
    return manifest.scenarioKeys();
  }

  PreparedField field(FieldPlan plan) {
    return manifest.fields().get(plan.index());
  }

  VectorMoments moments(FieldPlan plan, int size) {
    return VectorMoments.read(folder, plan.field().name(), size);
  }

  BucketBounds bounds(FieldPlan plan) {
    Path file = folder.resolve(PreparedFolder.learnedFile(plan.field().name()));
    return BucketBounds.read(file, field(plan).vocabularySize());
  }

  /** Refuses data with other fields. */
  void requireSame(RawSchema schema) {
    List<String> before = manifest.fields().stream().map(BaseData::shown).toList();
    List<String> now = schema.fields().stream().map(BaseData::shown).toList();
    if (!before.equals(now)) {
      throw DataErrors.user(
          "OTHER_FIELDS",
          "%s has the fields %s, the new data has %s. Extended data needs the same fields in the same order; fix the section dataset, or prepare without --extend."
              .formatted(folder, before, now));
    }
  }

  private static String shown(PreparedField field) {
    return shown(field.name(), field.kind(), field.vocabulary(), field.weighted());
  }

  private static String shown(RawField field) {
    return shown(field.name(), field.kind(), field.vocabulary(), field.weights() != null);
  }

  private static String shown(
      String name, FieldKind kind, @Nullable String vocabulary, boolean weighted) {
    String shared = vocabulary == null ? "" : ", vocabulary " + vocabulary;
    return name + " (" + FieldKinds.name(kind) + shared + (weighted ? ", with weights)" : ")");
  }

  /** Loads the vocabularies, and the users and items with their encoded features. */
  void load(PreparationDatabase database, List<FieldPlan> fields) throws IOException {
    for (FieldPlan plan : fields) {
      if (PreparedField.hasVocabulary(plan.field().kind()) && plan.isFirst()) {
        String file = PreparedFolder.vocabularyFile(field(plan));
        load(database, file, vocabulary(plan), names -> "id, value, count FROM source");
      }
    }
    load(database, RawTable.USERS, fields);
    load(database, RawTable.ITEMS, fields);
  }

  private void load(PreparationDatabase database, RawTable table, List<FieldPlan> fields)
      throws IOException {
    boolean users = table == RawTable.USERS;
    String keys = users ? PreparedFolder.USERS : PreparedFolder.ITEMS;
    String features = users ? PreparedFolder.USER_FEATURES : PreparedFolder.ITEM_FEATURES;
    String index = users ? SplitColumns.USER : SplitColumns.ITEM;
    List<FieldPlan> own =
        fields.stream().filter(plan -> plan.home() == table && !plan.isKey()).toList();
    if (!Files.exists(folder.resolve(features))) {
      throw DataErrors.data(
          "MISSING_FILE",
          "%s does not exist. Prepare the data that is extended again with this release."
              .formatted(folder.resolve(features)));
    }
    load(database, keys, "base_keys", names -> "\"index\" AS n, key AS k, text FROM source");
    load(database, features, "base_features", names -> features(names, index, own));
    String encoded = own.stream().map(plan -> ", f." + plan.encoded()).collect(joining());
    database.execute(
        "CREATE TABLE %s AS SELECT b.k, b.text%s FROM base_keys b JOIN base_features f USING (n)"
            .formatted(entities(table), encoded));
    database.execute("DROP TABLE base_keys");
    database.execute("DROP TABLE base_features");
  }

  /**
   * Names columns by their position: to DuckDB two fields may have the same name, or a field that
   * of another column.
   */
  private static String features(List<String> names, String index, List<FieldPlan> fields) {
    StringBuilder select = new StringBuilder("c" + names.indexOf(index) + " AS n");
    for (FieldPlan plan : fields) {
      int position = names.indexOf(plan.field().name());
      String list = plan.field().kind() instanceof FieldKind.Vector ? "::FLOAT[]" : "";
      String value = "c" + position + list;
      if (plan.isWeighted()) {
        int weights = names.indexOf(SplitColumns.weightsOf(plan.field().name()));
        value = ListWeights.encoded(value, "c" + weights);
      }
      select.append(", ").append(value).append(" AS ").append(plan.encoded());
    }
    String columns =
        IntStream.range(0, names.size())
            .mapToObj(position -> "c" + position)
            .collect(joining(", "));
    return select + " FROM source AS s(" + columns + ")";
  }

  /**
   * Makes a table of a file.
   *
   * @param select turns the names of its columns into what follows SELECT
   */
  private void load(
      PreparationDatabase database,
      String name,
      String table,
      Function<List<String>, String> select)
      throws IOException {
    Path file = folder.resolve(name);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(channel, database.allocator())) {
      List<String> names =
          reader.getVectorSchemaRoot().getSchema().getFields().stream()
              .map(Field::getName)
              .toList();
      database.ingest(reader, "CREATE TABLE " + table + " AS SELECT " + select.apply(names));
    } catch (SQLException e) {
      throw database.failure(e);
    }
  }

  /** Returns the table of the known values of a vocabulary. */
  static String vocabulary(FieldPlan plan) {
    return "b" + plan.first();
  }

  /** Returns the table of known users or items: k, text, and encoded values by field. */
  static String entities(RawTable table) {
    return RawTables.name(table) + "_base";
  }
}

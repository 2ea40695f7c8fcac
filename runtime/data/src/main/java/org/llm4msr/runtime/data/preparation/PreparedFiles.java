package org.llm4msr.runtime.data.preparation;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.database.ArrowFileSink;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.nodes.RowNodes.WrittenPart;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.prepared.FolderTrainingLog;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.data.prepared.SplitFiles;
import org.llm4msr.runtime.data.prepared.VectorMoments;

/** Writes the Arrow files of prepared data out of the database. */
final class PreparedFiles {

  /** The rows {@code h}, with their users {@code ue} and items {@code ie}. */
  static final String ROWS =
      "keyed h JOIN "
          + EntityTables.encoded(RawTable.USERS)
          + " ue ON h.user_index = ue.idx JOIN "
          + EntityTables.encoded(RawTable.ITEMS)
          + " ie ON h.item_index = ie.idx";

  private final PreparationDatabase database;
  private final Path folder;
  private final SortedMap<String, DatasetManifest.FileStamp> stamps = new TreeMap<>();

  PreparedFiles(PreparationDatabase database, Path folder) {
    this.database = database;
    this.folder = folder;
  }

  /** Returns size and checksum of every file written so far. */
  SortedMap<String, DatasetManifest.FileStamp> stamps() {
    return stamps;
  }

  /**
   * What the split files hold.
   *
   * @param encoders of all fields
   * @param groups whether rows have groups
   * @param weights whether rows have weights
   * @param labels further ones of the rows
   */
  record Rows(List<FieldEncoder> encoders, boolean groups, boolean weights, LabelColumns labels) {

    private List<String> names() {
      List<String> names =
          new ArrayList<>(
              List.of(
                  SplitColumns.USER,
                  SplitColumns.ITEM,
                  SplitColumns.SCENARIO,
                  SplitColumns.LABEL,
                  SplitColumns.TIME,
                  SplitColumns.DRAWN));
      if (groups) {
        names.add(SplitColumns.GROUP);
      }
      if (weights) {
        names.add(SplitColumns.WEIGHT);
      }
      names.addAll(labels.prepared());
      stored().forEach(encoder -> names.addAll(encoder.names()));
      return names;
    }

    private List<FieldEncoder> stored() {
      return encoders.stream().filter(encoder -> !encoder.plan().isVectorOfEntity()).toList();
    }
  }

  /** Writes the three parts. */
  void writeSplits(Rows content, SplitCounts counts, Progress progress) throws IOException {
    long[] written = new long[1];
    LongConsumer count =
        rows -> {
          written[0] += rows;
          progress.update(written[0], counts.total());
        };
    String group = "LEFT JOIN groups g ON h.user_index = g.user_index AND h.g = g.g";
    try (SplitWriter writer = new SplitWriter(content.names(), counts, count)) {
      database.export(
          rowsInOrder(content, "coalesce(g.rowid + 1, 0)::INTEGER", group),
          blockRows(content.stored()),
          writer::accept);
      writer.finish();
    }
  }

  /** Has nodes of a cluster write the three parts. */
  void writeSplits(Rows content, SplitCounts counts, DistantRows distant) throws IOException {
    List<WrittenPart> files =
        distant.write(
            rowsInOrder(content, "h.g", ""),
            content.names(),
            content.stored(),
            blockRows(content.stored()),
            counts,
            folder);
    files.forEach(
        file ->
            stamps.put(file.name(), new DatasetManifest.FileStamp(file.bytes(), file.sha256())));
  }

  /** Returns how many rows of some fields are exported at a time. */
  private static int blockRows(List<FieldEncoder> encoders) {
    return ArrowFileSink.blockRows(
        encoders.stream()
            .map(encoder -> encoder.plan().field().kind())
            .mapToInt(kind -> kind instanceof FieldKind.Vector vector ? vector.size() : 0)
            .sum());
  }

  /**
   * Returns the rows of {@code keyed} in SQL.
   *
   * @param group the number of a row's group
   * @param groups the join that it needs
   */
  private static String rowsInOrder(Rows content, String group, String groups) {
    List<FieldEncoder> ofRows =
        content.stored().stream().filter(e -> e.plan().home() == RawTable.INTERACTIONS).toList();
    String fields =
        content.stored().stream()
            .flatMap(
                encoder ->
                    encoder
                        .columns(
                            encoder.plan().home() == RawTable.INTERACTIONS
                                ? encoder.stored(encoder.ofRow())
                                : encoder.ofRow())
                        .stream())
            .map(column -> ", " + column)
            .collect(Collectors.joining());
    return "SELECT h.user_index, h.item_index, h.scenario_rank, h.y::FLOAT, h.t, h.drawn::UTINYINT"
        + (content.groups() ? ", " + group : "")
        + (content.weights() ? ", h.w::FLOAT" : "")
        + content.labels().stored()
        + fields
        + " FROM "
        + ROWS
        + (content.groups() ? " " + groups : "")
        + FieldEncoder.joins(ofRows)
        + " ORDER BY h.n";
  }

  /** Writes the raw keys of the groups by number, from 1. */
  void writeGroups() throws IOException {
    write(
        PreparedFolder.GROUPS,
        List.of("index", PreparedFolder.KEY),
        "SELECT (rowid + 1)::INTEGER, g FROM groups ORDER BY rowid");
  }

  /** Writes what was left out, if anything was. */
  void writeLeftOut(LeftOutReport leftOut) throws IOException {
    if (!leftOut.groups().isEmpty()) {
      stamps.put(
          LeftOutReport.FILE,
          PreparationFolder.write(folder.resolve(LeftOutReport.FILE), leftOut.lines()));
    }
  }

  /** Writes vocabularies, moments of vectors and bounds of ranges. */
  void writeLearned(List<FieldEncoder> encoders) throws IOException {
    for (FieldEncoder encoder : encoders) {
      VectorMoments moments = encoder.moments();
      BucketBounds bounds = encoder.bounds();
      if (moments != null || bounds != null) {
        String file = PreparedFolder.learnedFile(encoder.prepared().name());
        byte[] json = bounds == null ? ManifestFile.JSON.writeValueAsBytes(moments) : bounds.json();
        stamps.put(file, PreparationFolder.write(folder.resolve(file), json));
      }
      if (encoder.prepared().hasVocabulary() && encoder.plan().isFirst()) {
        write(
            PreparedFolder.vocabularyFile(encoder.prepared()),
            List.of("id", "value", "count"),
            "SELECT id, value, count FROM " + encoder.plan().vocabulary() + " ORDER BY id");
      }
    }
  }

  void writeEntities() throws IOException {
    writeEntities(RawTable.USERS, PreparedFolder.USERS);
    writeEntities(RawTable.ITEMS, PreparedFolder.ITEMS);
  }

  private void writeEntities(RawTable table, String file) throws IOException {
    write(
        file,
        List.of("index", PreparedFolder.KEY, PreparedFolder.TEXT, PreparedFolder.TRAINING_ROWS),
        "SELECT idx, k, text, training_rows FROM " + EntityTables.raw(table) + " ORDER BY idx");
  }

  /** Writes the values of each field for every user and item, for rows that come later. */
  void writeFeatures(List<FieldEncoder> encoders) throws IOException {
    writeFeatures(RawTable.USERS, PreparedFolder.USER_FEATURES, SplitColumns.USER, encoders);
    writeFeatures(RawTable.ITEMS, PreparedFolder.ITEM_FEATURES, SplitColumns.ITEM, encoders);
    List<FieldPlan> plans = encoders.stream().map(FieldEncoder::plan).toList();
    List<FieldSource> sources = plans.stream().map(plan -> plan.source(plans)).toList();
    Path file = folder.resolve(PreparedFolder.FIELD_SOURCES);
    byte[] json = ManifestFile.JSON.writeValueAsBytes(sources);
    stamps.put(PreparedFolder.FIELD_SOURCES, PreparationFolder.write(file, json));
  }

  private void writeFeatures(RawTable table, String file, String index, List<FieldEncoder> encoders)
      throws IOException {
    List<FieldEncoder> own =
        encoders.stream().filter(encoder -> encoder.plan().home() == table).toList();
    List<String> names = new ArrayList<>(List.of(index));
    List<String> columns = new ArrayList<>(List.of("idx"));
    for (FieldEncoder encoder : own) {
      names.addAll(encoder.names());
      columns.addAll(encoder.columns(encoder.plan().encoded()));
    }
    String sql = "SELECT %s FROM %s ORDER BY idx";
    write(
        file,
        names,
        sql.formatted(String.join(", ", columns), EntityTables.encoded(table)),
        blockRows(own));
  }

  void writeHistories(long trainingRows) throws IOException {
    writePositives(trainingRows);
    writeLists(
        PreparedFolder.TRAIN_USERS,
        List.of(SplitColumns.USER, "rows"),
        "SELECT user_index, n FROM keyed WHERE n < " + trainingRows + " ORDER BY user_index, n");
  }

  /** Writes each user's positives among the first rows. */
  void writePositives(long rows) throws IOException {
    writeLists(
        PreparedFolder.HISTORIES,
        List.of(
            SplitColumns.USER,
            FolderTrainingLog.HISTORY_ITEMS,
            FolderTrainingLog.HISTORY_SCENARIOS),
        "SELECT user_index, item_index, scenario_rank FROM keyed WHERE y AND n < "
            + rows
            + " ORDER BY user_index, n");
  }

  /** Writes what each user had chosen before the first interaction. */
  void writePast() throws IOException {
    writeLists(
        PreparedFolder.PAST,
        List.of(
            SplitColumns.USER,
            FolderTrainingLog.HISTORY_ITEMS,
            FolderTrainingLog.HISTORY_SCENARIOS),
        "SELECT u.idx, i.idx, ranks.scenario_rank FROM %s p JOIN %s u ON p.u = u.k JOIN %s i ON p.i = i.k JOIN ranks ON p.s = ranks.s ORDER BY u.idx, p.rowid"
            .formatted(
                RawTables.PAST,
                EntityTables.raw(RawTable.USERS),
                EntityTables.raw(RawTable.ITEMS)));
  }

  /** Writes statistics of the scenarios over the first rows, which are the training part. */
  void writeStatistics(List<PreparedScenario> scenarios, long trainingRows) throws IOException {
    List<ScenarioStatistics> statistics = TrainingStatistics.of(database, scenarios, trainingRows);
    byte[] json = ManifestFile.JSON.writeValueAsString(statistics).getBytes(StandardCharsets.UTF_8);
    Path file = folder.resolve(PreparedFolder.STATISTICS);
    stamps.put(PreparedFolder.STATISTICS, PreparationFolder.write(file, json));
  }

  private void write(String name, List<String> columns, String sql) throws IOException {
    write(name, columns, sql, ArrowFileSink.BLOCK_ROWS);
  }

  private void write(String name, List<String> columns, String sql, int rows) throws IOException {
    try (OneFile file = new OneFile(name, columns)) {
      database.export(sql, rows, file::accept);
      file.finish();
    }
  }

  /**
   * Writes one row of lists per key.
   *
   * @param sql rows of a key and values, sorted by key
   */
  private void writeLists(String name, List<String> columns, String sql) throws IOException {
    try (OneFile file = new OneFile(name, columns);
        ListsByKey lists = new ListsByKey(database.allocator(), file::accept)) {
      database.export(sql, lists::accept);
      lists.finish();
      file.finish();
    }
  }

  private ArrowFileSink sink(
      String name, List<String> columns, VectorSchemaRoot like, LongConsumer written)
      throws IOException {
    return new ArrowFileSink(folder.resolve(name), columns, like, database.allocator(), written);
  }

  /** Writes all of a result to one file. */
  private final class OneFile implements AutoCloseable {
    private final String name;
    private final List<String> columns;
    private @Nullable ArrowFileSink sink;

    OneFile(String name, List<String> columns) {
      this.name = name;
      this.columns = columns;
    }

    void accept(VectorSchemaRoot rows) throws IOException {
      if (sink == null) {
        sink = sink(name, columns, rows, written -> {});
      }
      sink.append(rows, 0, rows.getRowCount());
    }

    void finish() throws IOException {
      if (sink != null) {
        stamps.put(name, sink.finish());
      }
    }

    @Override
    public void close() throws IOException {
      if (sink != null) {
        sink.close();
      }
    }
  }

  /** Cuts one result into the files of the three parts. */
  private final class SplitWriter implements AutoCloseable {
    private final List<String> names;
    private final SplitCounts counts;
    private final LongConsumer written;
    private final Map<Split, ArrowFileSink> sinks = new EnumMap<>(Split.class);
    private long row;

    SplitWriter(List<String> names, SplitCounts counts, LongConsumer written) {
      this.names = names;
      this.counts = counts;
      this.written = written;
    }

    void accept(VectorSchemaRoot rows) throws IOException {
      if (sinks.isEmpty()) {
        for (Split split : Split.values()) {
          sinks.put(split, sink(SplitFiles.name(split), names, rows, written));
        }
      }
      long partEnd = 0;
      long batchStart = row;
      long batchEnd = row + rows.getRowCount();
      for (Map.Entry<Split, ArrowFileSink> part : sinks.entrySet()) {
        partEnd += counts.of(part.getKey());
        int length = (int) Math.max(0, Math.min(partEnd, batchEnd) - row);
        part.getValue().append(rows, (int) (row - batchStart), length);
        row += length;
      }
    }

    void finish() throws IOException {
      if (row != counts.total()) {
        throw new IllegalStateException("wrote " + row + " of " + counts.total() + " rows");
      }
      for (Map.Entry<Split, ArrowFileSink> part : sinks.entrySet()) {
        stamps.put(SplitFiles.name(part.getKey()), part.getValue().finish());
      }
    }

    @Override
    public void close() throws IOException {
      for (ArrowFileSink sink : sinks.values()) {
        sink.close();
      }
    }
  }
}

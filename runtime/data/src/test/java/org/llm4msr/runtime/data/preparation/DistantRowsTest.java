package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.toolkit.database.SqlText.literal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.runtime.data.nodes.PartDatabase;
import org.llm4msr.runtime.data.nodes.RowNodes;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitFiles;

/** Data of a log on nodes beside that of one machine; the nodes are DuckDB in this process. */
class DistantRowsTest {

  private static final int ROWS = 400;
  private static final int PIECE = 150;
  private static final long MEMORY = 256L << 20;

  @TempDir Path folder;

  private static ListReader log(int from, int to) {
    Random random = new Random(3);
    Map<String, List<Object>> columns = new LinkedHashMap<>();
    for (int row = 0; row < ROWS; row++) {
      int next = row;
      Map<String, Object> values = row(random);
      values.forEach(
          (name, value) -> {
            List<Object> column = columns.computeIfAbsent(name, key -> new ArrayList<>());
            if (next >= from && next < to) {
              column.add(value);
            }
          });
    }
    ListReader reader = new ListReader();
    Object[] given =
        columns.entrySet().stream()
            .flatMap(column -> List.of(column.getKey(), column.getValue()).stream())
            .toArray();
    reader.table(RawTable.INTERACTIONS, given);
    reader.table(
        RawTable.USERS,
        "user",
        list(20, i -> "u" + i),
        "city",
        list(20, i -> "c" + i % 6),
        "age",
        list(20, i -> i % 5 == 0 ? null : 20.0 + i));
    reader.table(
        RawTable.ITEMS,
        "item",
        list(30, i -> "i" + i),
        "words",
        list(30, i -> List.of("w" + i % 7, "w" + i % 3)),
        "shape",
        list(30, i -> List.of(i * 1.5, 2.0 - i)));
    reader.batchRows = 64;
    reader.labels = List.of("bought");
    reader.userText = List.of("city");
    addFields(reader);
    return reader;
  }

  private static List<Object> list(int size, IntFunction<Object> value) {
    List<Object> list = new ArrayList<>();
    IntStream.range(0, size).forEach(i -> list.add(value.apply(i)));
    return list;
  }

  private static Map<String, Object> row(Random random) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("user", "u" + random.nextInt(25));
    row.put("item", "i" + random.nextInt(30));
    row.put("scenario", "s" + random.nextInt(3));
    row.put("label", random.nextInt(3) == 0 ? 1L : 0L);
    row.put("time", 1000L + random.nextInt(200));
    row.put("group", random.nextInt(5) == 0 ? null : "g" + random.nextInt(90));
    row.put("weight", random.nextInt(5) == 0 ? null : random.nextInt(1, 9) / 4.0);
    row.put("label_bought", random.nextInt(4) == 0 ? null : (long) random.nextInt(2));
    row.put("hour", random.nextInt(9) == 0 ? null : "h" + random.nextInt(24));
    row.put("price", random.nextInt(9) == 0 ? null : random.nextGaussian() * 3 + 8);
    int tags = random.nextInt(4);
    row.put("tags", tags == 0 ? null : list(tags, i -> "t" + random.nextInt(9)));
    row.put("scores", tags == 0 ? null : list(tags, i -> random.nextInt(1, 9) / 8.0));
    row.put("word", "w" + random.nextInt(9));
    return row;
  }

  private static void addFields(ListReader reader) {
    FieldKind one = new FieldKind.Categorical();
    FieldKind many = new FieldKind.MultiCategorical();
    RawTable log = RawTable.INTERACTIONS;
    reader.field("user", log, one).field("hour", log, one);
    reader.field("price", log, new FieldKind.Numeric());
    reader.fields.add(field("range", log, "price", new FieldKind.Bucketed(4, List.of()), null));
    reader.fields.add(
        field("level", log, "price", new FieldKind.Bucketed(0, List.of(4.0, 9.0)), null));
    reader.fields.add(field("tags", log, "tags", many, "scores"));
    reader.fields.add(field("hashes", log, "tags", new FieldKind.Hashed(12, true), null));
    reader.fields.add(
        new RawField("words", RawTable.ITEMS, "words", FieldRole.ITEM, many, "word", null));
    reader.fields.add(new RawField("word", log, "word", FieldRole.CONTEXT, one, "word", null));
    reader.field("city", RawTable.USERS, one);
    reader.field("age", RawTable.USERS, new FieldKind.Numeric());
    reader.field("shape", RawTable.ITEMS, new FieldKind.Vector(2));
    reader.field("mixed", log, new FieldKind.Crossed(List.of("hour", "city"), 0));
    reader.field("hashed mix", log, new FieldKind.Crossed(List.of("range", "word"), 30));
  }

  private static RawField field(
      String name, RawTable table, String column, FieldKind kind, String weights) {
    return new RawField(name, table, column, FieldRole.CONTEXT, kind, null, weights);
  }

  @ParameterizedTest
  @EnumSource(
      value = SplitConfig.By.class,
      names = {"TIME", "USER_TIME"})
  void theResultIsThatOfOneMachine(SplitConfig.By by) throws IOException {
    NegativesConfig drawn =
        new NegativesConfig(2, NegativesConfig.Draw.POPULARITY, NegativePool.PART, 5, 0.5);
    DatasetConfig config = Preparations.drawing(Preparations.split(by), 2, drawn);
    assertSame(config, 0, ROWS);
  }

  @Test
  @Tag("slow")
  void theResultOfARandomSplitIsThatOfOneMachine() throws IOException {
    theResultIsThatOfOneMachine(SplitConfig.By.RANDOM);
  }

  @Test
  void logsWithoutFieldsAndSplitsWithoutRowsAreAlikeToo() throws IOException {
    SplitConfig split = new SplitConfig(SplitConfig.By.TIME, List.of(1.0, 0.0, 0.0), null, null, 7);
    assertSame(Preparations.config(split, 1), 0, 90);
  }

  @Test
  void extendedDataIsThatOfOneMachine() throws IOException {
    Path base = folder.resolve("base");
    DatasetConfig config = Preparations.config(Preparations.BY_TIME, 2);
    Preparations.prepare(log(0, 150), config, base).close();
    assertSame(config, 150, ROWS, base);
  }

  private static Map<String, Object> withoutRows(DatasetManifest manifest) {
    Map<String, Object> stamps = new TreeMap<>(manifest.files());
    stamps.keySet().removeIf(name -> name.matches("(train|validation|test)(/.*|\\.arrow)"));
    return stamps;
  }

  private void assertSame(DatasetConfig config, int from, int to) throws IOException {
    assertSame(config, from, to, null);
  }

  private void assertSame(DatasetConfig config, int from, int to, @Nullable Path base)
      throws IOException {
    Path one = folder.resolve("one");
    Path distant = folder.resolve("distant");
    DatasetPreparation.prepare(log(from, to), request(config, one, base), Progress.NONE);
    try (Nodes nodes = new Nodes(Files.createDirectory(folder.resolve("nodes")), from, to)) {
      DatasetPreparation.prepare(
          log(from, to), request(config, distant, base), nodes, Progress.NONE);
    }
    DatasetManifest expected = ManifestFile.read(one);
    DatasetManifest found = ManifestFile.read(distant);
    assertThat(withoutRows(found)).isEqualTo(withoutRows(expected)).hasSizeGreaterThan(12);
    assertThat(ManifestFile.JSON.valueToTree(found).toString().replaceAll("\"files\".*", ""))
        .isEqualTo(
            ManifestFile.JSON.valueToTree(expected).toString().replaceAll("\"files\".*", ""));
    for (Split split : Split.values()) {
      List<String> rows = new ArrayList<>();
      for (Path file : SplitFiles.of(distant, found, split)) {
        rows.addAll(rows(file));
      }
      assertThat(rows).as(split.key()).isEqualTo(rows(one.resolve(SplitFiles.name(split))));
    }
    PreparedData.open(distant).close();
  }

  private static PreparationRequest request(
      DatasetConfig config, Path target, @Nullable Path base) {
    return new PreparationRequest(config, target, MEMORY, 2, false, base, "FILE");
  }

  private static List<String> rows(Path file) throws IOException {
    List<String> rows = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        for (int row = 0; row < reader.getVectorSchemaRoot().getRowCount(); row++) {
          List<String> values = new ArrayList<>();
          for (FieldVector column : reader.getVectorSchemaRoot().getFieldVectors()) {
            values.add(column.getField() + "=" + column.getObject(row));
          }
          rows.add(values.toString());
        }
      }
    }
    return rows;
  }

  @Test
  void vectorsOfTheLogAreRefused() throws IOException {
    ListReader reader = log(0, 10);
    reader.field("place", RawTable.INTERACTIONS, new FieldKind.Vector(2));
    DatasetConfig config = Preparations.config(Preparations.BY_TIME, 1);
    try (Nodes nodes = new Nodes(Files.createDirectory(folder.resolve("nodes")), 0, 10)) {
      assertThatThrownBy(
              () ->
                  DatasetPreparation.prepare(
                      reader,
                      Preparations.request(config, folder.resolve("none"), 1),
                      nodes,
                      Progress.NONE))
          .hasMessageStartingWith("[data/VECTORS_OF_LOG] The field 'place'");
    }
    assertThat(folder.resolve("none")).doesNotExist();
  }

  /** Pieces and parts of a log, in the order in which nodes may be done with them. */
  private static final class Nodes implements RowNodes, AutoCloseable {
    private final Path folder;
    private final int from;
    private final PreparationDatabase database;
    private final List<Integer> starts = new ArrayList<>();
    private final int to;
    private int made;

    Nodes(Path folder, int from, int to) {
      this.folder = folder;
      this.from = from;
      this.to = to;
      database = new PreparationDatabase(folder, MEMORY, 2);
      for (int start = from; start < to; start += PIECE) {
        starts.add(start);
      }
    }

    @Override
    public long partRows() {
      return 250;
    }

    @Override
    public Path read() {
      Path rows = make("rows");
      Path columns = make("columns");
      for (int start : starts) {
        String name = "piece-%05d.parquet".formatted(start);
        try (PreparationDatabase own = new PreparationDatabase(make("piece"), MEMORY, 1)) {
          ListReader piece = log(start, Math.min(to, start + PIECE));
          PieceReading.read(piece, own, 0, start - from, rows.resolve(name), columns.resolve(name));
        }
      }
      database.execute(
          "CREATE VIEW columns AS SELECT start + c AS r, * EXCLUDE (file, start, c) FROM read_parquet(%s)"
              .formatted(all(columns)));
      return rows;
    }

    private Path make(String name) {
      try {
        return Files.createDirectory(folder.resolve(name + "-" + made++));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String all(Path files) {
      return literal(files.resolve("*.parquet").toString());
    }

    @Override
    public void arrange(Path ordered) {
      database.execute(
          "CREATE TABLE arranged AS FROM read_parquet(%s) JOIN columns USING (r)"
              .formatted(all(ordered)));
    }

    @Override
    public Path count(String value, long rows) {
      Path target = make("counted");
      String own =
          value
              .replaceAll(
                  "explode\\((.*)\\.text\\)", "unnest(list_transform($1, lambda e: e.text))")
              .replace("explode(", "unnest(");
      database.execute(
          "COPY (SELECT value, count(*) AS weight, count(*) FILTER (NOT drawn) AS logged FROM (SELECT %s AS value, drawn FROM arranged WHERE n < %d) WHERE value IS NOT NULL GROUP BY value) TO %s (FORMAT parquet)"
              .formatted(own, rows, literal(target.resolve("all.parquet").toString())));
      return target;
    }

    private Path rows(int part) {
      Path file = make("part").resolve("rows.parquet");
      database.execute(
          "COPY (SELECT * FROM arranged WHERE part = %d ORDER BY n) TO %s (FORMAT parquet)"
              .formatted(part, literal(file.toString())));
      return file;
    }

    private PartDatabase open(PartQuery query, int part) {
      return new PartDatabase(
          make("work"),
          MEMORY,
          query.snapshot().resolve("learned.duckdb"),
          rows(part),
          query.listTexts());
    }

    @Override
    public Path query(PartQuery query) {
      Path target = make("found");
      List<Long> parts =
          database.query("SELECT DISTINCT part FROM arranged", row -> row.getLong(1));
      for (long part : parts) {
        try (PartDatabase own = open(query, (int) part)) {
          own.copy(query.sql(), target.resolve(part + ".parquet"));
        }
      }
      return target;
    }

    @Override
    public List<WrittenPart> write(PartQuery query, Map<Integer, String> names, Path target) {
      List<WrittenPart> written = new ArrayList<>();
      names.forEach(
          (part, name) -> {
            Path file = target.resolve(name);
            try (PartDatabase own = open(query, Math.max(0, part))) {
              Files.createDirectories(file.getParent());
              DatasetManifest.FileStamp stamp =
                  own.write(query.sql(), query.columns(), query.batchRows(), part < 0, file);
              written.add(new WrittenPart(name, stamp.bytes(), stamp.sha256()));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      return written;
    }

    @Override
    public void close() {
      database.close();
    }
  }
}

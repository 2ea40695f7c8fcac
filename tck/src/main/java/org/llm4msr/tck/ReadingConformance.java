package org.llm4msr.tck;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.files.PieceFolder;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.KeptTable;
import org.llm4msr.tck.harness.KitContext;
import org.llm4msr.tck.harness.TableContents;
import org.llm4msr.tck.process.MeasuredProcess;
import org.llm4msr.tck.process.ReaderProcess;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of a reader's output, and the source that all rules of {@link DatasetReaderConformance}
 * read.
 */
abstract class ReadingConformance extends PluginConformance<DatasetReaderFactory<?>> {

  static final long SMALL = 24;

  /** More than two batches of DuckDB's usual 65,536 rows. */
  private static final long SEVERAL_BATCHES = 150_000;

  private static final long LARGE = 10_000_000;
  private static final long MOST_BYTES = 2L << 30;
  private static final Set<String> PARTS = Set.of("train", "validation", "test");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path folder;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path copies;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path scratch;

  ReadingConformance() {
    super(DatasetReaderFactory.class);
  }

  /**
   * Writes a sound source from which the reader makes this many interactions, of several users,
   * items and scenarios. Write it row by row: rules request {@link #several} and {@link #large}
   * rows.
   *
   * @param folder an empty folder
   */
  protected abstract void write(Path folder, long interactions) throws IOException;

  /**
   * Spoils one value of the interactions.
   *
   * @param folder with a source that {@link #write} wrote
   */
  protected abstract MalformedRow spoil(Path folder) throws IOException;

  /**
   * Returns a number of rows that fills several batches of the reader; override it if batches are
   * larger.
   */
  protected long several() {
    return SEVERAL_BATCHES;
  }

  /** Returns the number of rows of the large source; fewer are faster, and prove less. */
  protected long large() {
    return LARGE;
  }

  final DatasetReader reader() throws IOException {
    if (isEmpty(folder)) {
      write(folder, SMALL);
    }
    return open();
  }

  @Override
  final void use() throws IOException {
    try (DatasetReader reader = reader()) {
      for (RawTable table : reader.schema().tables()) {
        TableContents.of(reader, table);
      }
      reader.scenarios();
      reader.sources();
    }
  }

  final DatasetReader open() {
    return create(factory(), context(folder));
  }

  private KitContext context(Path files) {
    return KitContext.dataset(files, scratch, ReaderProcess.MEMORY_BYTES);
  }

  /** Opens a folder with copies of some files of {@link #folder}, at the same relative paths. */
  final DatasetReader openCopy(List<Path> files) throws IOException {
    for (Path file : new LinkedHashSet<>(files)) {
      Path copy = copies.resolve(folder.relativize(file.toAbsolutePath()));
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
    return create(factory(), context(copies));
  }

  private <C extends Record> DatasetReader create(
      DatasetReaderFactory<C> factory, KitContext context) {
    return factory.create(factory.configType().cast(config()), context);
  }

  final Path folder() {
    return folder;
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }

  /** What the reader emits. */
  @Nested
  class Rows {

    @Rule(
        id = "READER-10",
        says = "emits every interaction once",
        checkFirst = {
          "joins repeat rows where a key occurs twice, and drop them where it is absent",
          "the last batch is shorter than the others",
          "write(folder, n) of the test writes what becomes n interactions"
        })
    final void emitsEveryInteraction() throws IOException {
      try (DatasetReader reader = reader()) {
        Finding.unlessEqual(
            "interactions",
            Math.toIntExact(SMALL),
            TableContents.of(reader, RawTable.INTERACTIONS).rows().size());
      }
    }

    @Rule(
        id = "READER-11",
        says =
            "gives every interaction a user, an item, a scenario, a label of 0 or 1 and, where"
                + " there are times, one",
        checkFirst = {
          "a label that is derived from an absent value is absent too",
          "time is milliseconds since 1970, int64; split is train, validation or test",
          "weight is a number of at least 0, or null; further labels are 0, 1 or null"
        })
    final void emitsWholeRows() throws IOException {
      try (DatasetReader reader = reader()) {
        RawSchema schema = reader.schema();
        TableContents rows = TableContents.of(reader, RawTable.INTERACTIONS);
        for (String column : List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO)) {
          Finding.unless(
              !rows.values(column).contains("null"), "a " + column + " in every row", "null");
        }
        for (String label : rows.values(RawSchema.LABEL)) {
          Finding.unless(label.matches("[01](\\.0)?"), "labels 0 and 1", label);
        }
        if (schema.split()) {
          Set<String> parts = new HashSet<>(rows.values(RawSchema.SPLIT));
          Finding.unless(PARTS.containsAll(parts), "parts of " + PARTS, parts);
        }
        if (schema.time()) {
          Finding.unlessEqual(
              "the type of time", new ArrowType.Int(64, true), type(rows, RawSchema.TIME));
          Finding.unless(
              !rows.values(RawSchema.TIME).contains("null"),
              "a time in every row, which the split by time needs",
              "null");
        }
        if (schema.weight()) {
          for (String weight : rows.values(RawSchema.WEIGHT)) {
            Finding.unless(isWeight(weight), "weights of at least 0", weight);
          }
        }
        for (String name : schema.labels()) {
          for (String label : rows.values(RawSchema.labelColumn(name))) {
            Finding.unless(
                label.matches("null|[01](\\.0)?"), "labels 0, 1 and null for " + name, label);
          }
        }
      }
    }

    private boolean isWeight(String value) {
      if (value.equals("null")) {
        return true;
      }
      try {
        double weight = Double.parseDouble(value);
        return weight >= 0 && Double.isFinite(weight);
      } catch (NumberFormatException e) {
        return false;
      }
    }

    private ArrowType type(TableContents rows, String column) {
      return rows.columns().stream()
          .filter(field -> field.getName().equals(column))
          .findFirst()
          .map(Field::getType)
          .orElse(ArrowType.Null.INSTANCE);
    }

    @Rule(
        id = "READER-12",
        says = "emits every user and every item once",
        checkFirst = {"DISTINCT on the key where the format repeats it, once per row of a log"})
    final void emitsEntitiesOnce() throws IOException {
      try (DatasetReader reader = reader()) {
        for (RawTable table : reader.schema().tables()) {
          String key =
              switch (table) {
                case INTERACTIONS -> "";
                case USERS -> RawSchema.USER;
                case ITEMS -> RawSchema.ITEM;
              };
          List<String> keys =
              key.isEmpty() ? List.of() : TableContents.of(reader, table).values(key);
          Finding.unlessEqual(
              "different keys in " + table, keys.size(), new HashSet<>(keys).size());
        }
      }
    }

    @Rule(
        id = "READER-13",
        says = "emits the same rows in the same order whenever a table is opened",
        checkFirst = {
          "several threads that race for their place: keep the order of the file",
          "a file whose reading continues where the last one ended",
          "rows that are lost or repeated where one batch ends and the next begins"
        })
    final void repeats() throws IOException {
      write(folder, several());
      try (DatasetReader reader = open();
          DatasetReader other = open()) {
        for (RawTable table : reader.schema().tables()) {
          try (KeptTable first = KeptTable.of(reader, table)) {
            if (table == RawTable.INTERACTIONS) {
              Finding.unlessEqual(
                  "interactions in several batches", several(), (long) first.size());
            }
            first.unlessSame(table + " when opened again", reader, table);
            first.unlessSame(table + " by another reader", other, table);
          }
        }
      }
    }

    @Rule(
        id = "READER-14",
        says = "starts over after a reading that was broken off",
        checkFirst = {
          "closing a table in the middle ends its query and its file",
          "a preparation that was stopped reads its tables again from the start"
        })
    @SuppressWarnings("resource") // Another rule tests what the reader leaves in the allocator.
    final void startsAnew() throws IOException {
      write(folder, several());
      try (DatasetReader reader = open();
          KeptTable before = KeptTable.of(reader, RawTable.INTERACTIONS)) {
        try (ArrowReader broken = reader.open(RawTable.INTERACTIONS, new RootAllocator())) {
          Finding.unless(broken.loadNextBatch(), "a batch", "none");
        }
        before.unlessSame("interactions afterwards", reader, RawTable.INTERACTIONS);
      }
    }

    @Rule(
        id = "READER-15",
        says = "streams: reads 10,000,000 interactions in less than 2 GB of resident memory",
        checkFirst = {
          "one batch at a time, of some ten thousand rows",
          "a database of its own is limited by context.memoryBytes()",
          "buffers that only the garbage collector would free"
        })
    @Tag("slow")
    final void streams() throws IOException, InterruptedException {
      MeasuredProcess.assumeMeasured();
      write(folder, large());
      MeasuredProcess.Report report = ReaderProcess.run(name(), settings(), folder, scratch);
      Finding.unlessEqual("interactions", large(), report.rows());
      report.unlessBelow(MOST_BYTES);
    }

    @Rule(
        id = "READER-16",
        says = "tells the past by user, item and scenario, the same each time, or none",
        checkFirst = "openPast() names what every row has, each user's oldest row first")
    @SuppressWarnings("resource") // Another rule tests what the reader leaves in the allocator.
    final void tellsThePast() throws IOException {
      try (DatasetReader reader = reader()) {
        for (RawTable table : reader.schema().tables()) {
          TableContents.of(reader, table);
        }
        TableContents first = past(reader);
        for (String column : List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO)) {
          Finding.unless(
              first.names().isEmpty() || first.names().contains(column),
              "a column " + column,
              first.names());
          Finding.unless(
              !first.values(column).contains("null"), "a " + column + " in every row", "null");
        }
        first.unlessSame("the past when opened again", past(reader));
      }
    }

    @Rule(
        id = "READER-17",
        says =
            "emits of its log piece by piece what it emits of all, or says that it has no log of"
                + " pieces",
        checkFirst = {
          "logFiles() names files in the order of their interactions, and their headers",
          "rows that depend on other lines: LogFile.lines is false, or logFiles() is empty",
          "a file of the log may be without rows"
        })
    final void readsPieces() throws IOException {
      try (DatasetReader reader = reader()) {
        TableContents all = TableContents.of(reader, RawTable.INTERACTIONS);
        PieceFolder folders = PieceFolder.of(folder, reader);
        List<List<String>> rows = new ArrayList<>();
        for (LogFile file : reader.logFiles()) {
          for (Path piece : LogPieces.of(file, scratch)) {
            Path own = Files.createTempDirectory(scratch, "piece");
            folders.fill(file.path(), piece, own);
            try (DatasetReader ofPiece = create(factory(), context(own))) {
              rows.addAll(TableContents.of(ofPiece, RawTable.INTERACTIONS).rows());
            }
          }
        }
        if (!reader.logFiles().isEmpty()) {
          all.unlessSame("interactions, piece by piece", new TableContents(all.columns(), rows));
        }
      }
    }

    @SuppressWarnings("resource")
    private static TableContents past(DatasetReader reader) throws IOException {
      Optional<ArrowReader> opened = reader.openPast(new RootAllocator());
      if (opened.isEmpty()) {
        return new TableContents(List.of(), List.of());
      }
      try (ArrowReader past = opened.get()) {
        return TableContents.of(past);
      }
    }
  }
}

package org.llm4msr.tck.zoo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.tck.DatasetReaderConformance;
import org.llm4msr.tck.MalformedRow;

/** Each flaw of a reader breaks its rule and no other. */
class ReaderZooTest extends ZooTest<SoundReader> {

  private static final List<RawTable> TABLES = List.of(RawTable.INTERACTIONS, RawTable.USERS);
  private static final AtomicInteger COUNT = new AtomicInteger();

  /** The rows that most rules read. */
  private static final int SMALL = 24;

  static class Kit extends DatasetReaderConformance {
    private static final String USERS = "users.txt";

    @Override
    protected DatasetReaderFactory<?> factory() {
      return new ZooReaderFactory();
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      try (Writer log = Files.newBufferedWriter(folder.resolve("log.txt"))) {
        for (long row = 0; row < interactions; row++) {
          log.write("%d %d %d %d %d\n".formatted(row % 3, row % 5, row % 2, row % 4 / 3, row));
        }
      }
      Files.writeString(folder.resolve(USERS), "3");
      if (ZooReaderFactory.CAGE.make() instanceof Hoards) {
        Files.createFile(folder.resolve(ZooReaderFactory.HOARD));
      }
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      Path log = folder.resolve("log.txt");
      List<String> lines = new ArrayList<>(Files.readAllLines(log));
      lines.set(16, "1 1 1 1 never");
      Files.write(log, lines);
      return new MalformedRow("log.txt", 17, "time", "never");
    }

    /** The sound reader has batches of ten rows. */
    @Override
    protected long several() {
      return SMALL + 11;
    }

    @Override
    protected long large() {
      return 50_000;
    }
  }

  ReaderZooTest() {
    super(Kit.class, ZooReaderFactory.CAGE);
    flaw("RUN-01", OutOfOrder::new);
    flaw("READER-01", declares(withText(SoundReader.schema(TABLES, List.of()), "name")));
    flaw(
        "READER-02",
        declares(
            SoundReader.schema(TABLES, List.of(SoundReader.USER_FIELD, SoundReader.USER_FIELD))));
    flaw("READER-02", declares(SoundReader.schema(TABLES, List.of(numberThatShares()))));
    flaw("READER-03", declares(SoundReader.schema(TABLES, List.of(listOf(RawSchema.USER)))));
    flaw("READER-03", declares(SoundReader.schema(TABLES, List.of(vectorOf(RawSchema.USER)))));
    flaw("READER-04", NamesScenariosInWords::new);
    flaw("READER-04", NamesOneOfTwoScenarios::new);
    flaw("READER-05", HidesItsSources::new);
    flaw("READER-05", HidesAFile::new);
    flaw("READER-06", () -> says(counted()));
    flaw("READER-07", CountsLinesFromZero::new);
    flaw("READER-10", LosesTheLastRow::new);
    flaw("READER-11", LabelsWithTwo::new);
    flaw("READER-11", WeighsBelowZero::new);
    flaw("READER-12", RepeatsAUser::new);
    flaw("READER-13", TurnsEverySecondReading::new);
    flaw("READER-13", RepeatsARowBetweenBatches::new);
    flaw("READER-14", GoesOnWhereItStopped::new);
    flaw("READER-15", Hoards::new);
    flaw("READER-16", TellsThePastWithoutItems::new);
    flaw("READER-17", LabelsByTheLine::new);
    flaw("READER-20", ThrowsWhatItCaught::new);
    flaw("READER-21", NamesAFarLine::new);
    flaw("READER-22", BlamesTheUser::new);
    flaw("READER-23", WritesBesideTheRawFiles::new);
    flaw("READER-24", AllocatesElsewhere::new);
    flaw("READER-25", ClosesOnce::new);
    leaks(SoundReader::new);
  }

  private static Supplier<SoundReader> declares(RawSchema schema) {
    return () -> says(schema);
  }

  private static SoundReader says(RawSchema schema) {
    return new SoundReader() {
      @Override
      public RawSchema schema() {
        return schema;
      }
    };
  }

  private static RawSchema withText(RawSchema schema, String userText) {
    return new RawSchema(
        schema.tables(), schema.fields(), true, false, List.of(userText), List.of(), "label = 1");
  }

  private static RawSchema counted() {
    return new RawSchema(
        TABLES, List.of(), true, false, List.of(), List.of(), "rule " + COUNT.incrementAndGet());
  }

  private static RawField listOf(String column) {
    return new RawField(
        column, RawTable.INTERACTIONS, column, FieldRole.USER, new FieldKind.MultiCategorical());
  }

  private static RawField numberThatShares() {
    return new RawField(
        "moment",
        RawTable.INTERACTIONS,
        RawSchema.TIME,
        FieldRole.CONTEXT,
        new FieldKind.Numeric(),
        "user");
  }

  private static RawField vectorOf(String column) {
    return new RawField(
        column, RawTable.INTERACTIONS, column, FieldRole.USER, new FieldKind.Vector(2));
  }

  private static final class OutOfOrder extends SoundReader {
    @Override
    long[] row(long number, String line) {
      throw new IllegalStateException(OUT_OF_ORDER);
    }
  }

  private static final class NamesScenariosInWords extends SoundReader {
    @Override
    public List<RawScenario> scenarios() {
      return List.of(new RawScenario("home", "home", ""));
    }
  }

  private static final class NamesOneOfTwoScenarios extends SoundReader {
    @Override
    public List<RawScenario> scenarios() {
      return super.scenarios().subList(0, 1);
    }
  }

  private static final class HidesItsSources extends SoundReader {
    @Override
    public List<Path> sources() {
      return List.of();
    }
  }

  /** Has one more user if there is a second file next to the log. */
  private static final class HidesAFile extends SoundReader {
    @Override
    List<long[]> users() {
      List<long[]> users = new ArrayList<>(super.users());
      if (Files.exists(log().resolveSibling(Kit.USERS))) {
        users.add(new long[] {3});
      }
      return users;
    }
  }

  /** Reads all rows, and does something to them. */
  private abstract static class Collects extends SoundReader {
    @Override
    Iterator<long[]> rows(BufferedReader lines) throws IOException {
      List<long[]> all = new ArrayList<>();
      super.rows(lines).forEachRemaining(all::add);
      return changed(all);
    }

    abstract Iterator<long[]> changed(List<long[]> rows);
  }

  private static final class LosesTheLastRow extends Collects {
    @Override
    Iterator<long[]> changed(List<long[]> rows) {
      return rows.subList(0, rows.size() == SMALL ? SMALL - 1 : rows.size()).iterator();
    }
  }

  private static final class LabelsWithTwo extends Collects {
    @Override
    Iterator<long[]> changed(List<long[]> rows) {
      rows.get(9)[COLUMNS.indexOf(RawSchema.LABEL)] = 2;
      return rows.iterator();
    }
  }

  /** Its pieces have other lines than the log. */
  private static final class LabelsByTheLine extends SoundReader {
    @Override
    public List<LogFile> logFiles() {
      return List.of(new LogFile(log(), false, true));
    }

    @Override
    long[] row(long number, String line) {
      long[] row = super.row(number, line);
      row[COLUMNS.indexOf(RawSchema.LABEL)] = number / 5 % 2;
      return row;
    }
  }

  private static final class WeighsBelowZero extends SoundReader {
    @Override
    public RawSchema schema() {
      List<String> none = List.of();
      return new RawSchema(
          TABLES, List.of(USER_FIELD), true, false, false, none, none, "label = 1", true);
    }

    @Override
    public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
      if (table == RawTable.USERS) {
        return super.open(table, allocator);
      }
      List<String> columns = new ArrayList<>(COLUMNS);
      columns.add(RawSchema.WEIGHT);
      BufferedReader lines = Files.newBufferedReader(log());
      Iterator<long[]> rows = rows(lines);
      Iterator<long[]> weighed =
          new Iterator<>() {
            @Override
            public boolean hasNext() {
              return rows.hasNext();
            }

            @Override
            public long[] next() {
              return Arrays.copyOf(rows.next(), columns.size());
            }
          };
      return new NumberReader(allocator, columns, weighed) {
        @Override
        public boolean loadNextBatch() throws IOException {
          boolean more = super.loadNextBatch();
          BigIntVector weights = (BigIntVector) getVectorSchemaRoot().getVector(RawSchema.WEIGHT);
          for (int i = 0; more && i < getVectorSchemaRoot().getRowCount(); i++) {
            weights.setSafe(i, -1);
          }
          return more;
        }

        @Override
        protected void closeReadSource() throws IOException {
          lines.close();
        }
      };
    }
  }

  private static final class RepeatsARowBetweenBatches extends Collects {
    @Override
    Iterator<long[]> changed(List<long[]> rows) {
      if (rows.size() > SMALL) {
        rows.add(SMALL, rows.get(SMALL));
      }
      return rows.iterator();
    }
  }

  private static final class TurnsEverySecondReading extends Collects {
    private int readings;

    @Override
    Iterator<long[]> changed(List<long[]> rows) {
      if (++readings % 2 == 0) {
        Collections.reverse(rows.subList(SMALL, rows.size()));
      }
      return rows.iterator();
    }
  }

  private static final class GoesOnWhereItStopped extends Collects {
    private Iterator<long[]> rest = Collections.emptyIterator();

    @Override
    Iterator<long[]> changed(List<long[]> rows) {
      rest = rest.hasNext() && rows.size() > SMALL ? rest : rows.iterator();
      return rest;
    }
  }

  private static final class RepeatsAUser extends SoundReader {
    @Override
    List<long[]> users() {
      return List.of(new long[] {0}, new long[] {1}, new long[] {0});
    }
  }

  /** Fills more than 2 GB when it reads a large source. */
  static final class Hoards extends SoundReader {
    private static final long HOARD_BYTES = (2L << 30) + (64 << 20);
    private static final long ROW = 40_000;

    @Override
    long[] row(long number, String line) {
      if (number == ROW) {
        try (BufferAllocator allocator = new RootAllocator();
            ArrowBuf hoard = allocator.buffer(HOARD_BYTES)) {
          hoard.setOne(0, HOARD_BYTES);
        }
      }
      return super.row(number, line);
    }
  }

  private static final class TellsThePastWithoutItems extends SoundReader {
    @Override
    public Optional<ArrowReader> openPast(BufferAllocator allocator) {
      List<String> columns = List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO);
      return Optional.of(
          new NumberReader(allocator, columns, List.of(new long[] {0, -1, 1}).iterator()));
    }
  }

  private static final class ThrowsWhatItCaught extends SoundReader {
    @Override
    RuntimeException malformed(long line, String column, String value) {
      return new NumberFormatException(value);
    }
  }

  private static final class NamesAFarLine extends SoundReader {
    @Override
    RuntimeException malformed(long line, String column, String value) {
      return new MsrException(
          ErrorType.DATA,
          "zoo/MALFORMED",
          "log.txt, line %d0: %s has '%s'".formatted(line, column, value));
    }
  }

  private static final class BlamesTheUser extends SoundReader {
    @Override
    MsrException notFound(Path missing) {
      return new MsrException(ErrorType.USER, "zoo/NO_FILE", "no file " + missing);
    }
  }

  private static final class WritesBesideTheRawFiles extends SoundReader {
    @Override
    void start(DatasetContext context) {
      super.start(context);
      try {
        Files.writeString(context.folder().resolve("index"), "rows");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class AllocatesElsewhere extends SoundReader {
    @Override
    public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
      return super.open(table, new RootAllocator());
    }
  }

  private static final class CountsLinesFromZero extends SoundReader {
    @Override
    public Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
      String file = sources().get(0).toString();
      return Map.of(keys.get(0), List.of(new LeftOutRows.Example(file, 0, "user", "")));
    }
  }

  private static final class ClosesOnce extends SoundReader {
    private boolean closed;

    @Override
    public void close() {
      if (closed) {
        throw new IllegalStateException("closed already");
      }
      closed = true;
    }
  }
}

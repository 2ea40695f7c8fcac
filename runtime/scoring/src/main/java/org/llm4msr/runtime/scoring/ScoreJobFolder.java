package org.llm4msr.runtime.scoring;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.database.ArrowConversion;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowFile;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;

/**
 * The folder {@code OUT.parts} of an unfinished job: {@code job.txt} identifies the job, and files
 * {@code part-FIRST-ROWS.arrow} hold the scores so far. A part gets its name only once it is on the
 * disk. Only one job at a time uses the folder.
 */
final class ScoreJobFolder implements AutoCloseable {

  private static final String LOCK = "lock";
  private static final String JOB = "job.txt";

  /** The files that a job may leave if it ended at once. */
  private static final Pattern BEGUN = Pattern.compile("lock|job\\.txt.*");

  private static final Pattern PART = Pattern.compile("part-(\\d{12})-(\\d{9})\\.arrow");
  private static final String ROW = "row";
  private static final String SCORE = "score";
  private static final String PROBLEM = "problem";

  /** Where a part's footer says how many rows name a user, or an item, that is not known. */
  private static final String UNKNOWN_USERS = "unknownUsers";

  private static final String UNKNOWN_ITEMS = "unknownItems";

  private final ScoringRequest request;
  private final List<String> labels;
  private final Path folder;
  private final FolderLock lock;
  private final List<Path> parts = new ArrayList<>();
  private final List<RowProblem> problems = new ArrayList<>();
  private long rows;
  private long malformed;
  private UnknownIds unknown = UnknownIds.NONE;

  private ScoreJobFolder(
      ScoringRequest request, List<String> labels, Path folder, FolderLock lock) {
    this.labels = labels;
    this.lock = lock;
    this.request = request;
    this.folder = folder;
  }

  /** Returns the columns of the scores beside those that are kept. */
  static List<String> own(Policy malformed, List<String> labels) {
    List<String> own = new ArrayList<>(List.of(ROW, SCORE));
    labels.forEach(label -> own.add(column(label)));
    if (malformed == Policy.SKIP) {
      own.add(PROBLEM);
    }
    return own;
  }

  private static String column(String label) {
    return SCORE + "_" + label;
  }

  /**
   * Begins or continues a job.
   *
   * @param labels further ones, of which each has a column
   * @param key of model, rows and settings
   */
  static ScoreJobFolder open(ScoringRequest request, List<String> labels, String key)
      throws IOException {
    Path out = request.out();
    Path folder = out.resolveSibling(out.getFileName() + ".parts");
    requireOurs(folder);
    Files.createDirectories(folder);
    FolderLock lock = FolderLock.tryTake(folder.resolve(LOCK));
    if (lock == null) {
      throw new MsrException(
          ErrorType.USER,
          "score/IN_USE",
          "Another job is writing %s. Wait until it has finished, or choose another file."
              .formatted(out));
    }
    ScoreJobFolder opened = new ScoreJobFolder(request, labels, folder, lock);
    try {
      opened.begin(key);
      return opened;
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** The folder is deleted with its content once the scores are complete. */
  private static void requireOurs(Path folder) throws IOException {
    if (!Files.exists(folder) || Files.exists(folder.resolve(JOB))) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      if (files.anyMatch(file -> !BEGUN.matcher(file.getFileName().toString()).matches())) {
        throw new MsrException(
            ErrorType.USER,
            "score/IN_THE_WAY",
            "%s is where parts of the scores would go, but holds something else. Choose another file, or move it away."
                .formatted(folder));
      }
    }
  }

  private void begin(String key) throws IOException {
    Path job = folder.resolve(JOB);
    if (!Files.exists(job)) {
      DurableFiles.write(job, key.getBytes(StandardCharsets.UTF_8));
    } else if (!Files.readString(job).equals(key)) {
      throw new MsrException(
          ErrorType.USER,
          "score/OTHER_JOB",
          "%s holds parts of a job with another model, other rows or other settings. Delete it to start from scratch, or choose another file."
              .formatted(folder));
    }
    find();
  }

  private void find() throws IOException {
    List<Path> found;
    try (Stream<Path> files = Files.list(folder)) {
      found = files.sorted().toList();
    }
    for (Path file : found) {
      Matcher name = PART.matcher(file.getFileName().toString());
      if (name.matches() && Long.parseLong(name.group(1)) == rows) {
        parts.add(file);
        rows += Integer.parseInt(name.group(2));
      }
    }
  }

  /** Releases the folder, which stays because of the finished parts. */
  @Override
  public void close() throws IOException {
    try (lock) {
      if (parts.isEmpty()) {
        DurableFiles.delete(folder);
      }
    }
  }

  /** Returns the rows of all finished parts. */
  long rows() {
    return rows;
  }

  /**
   * Begins to write.
   *
   * @param partRows rows after which a part is complete
   */
  Writer writer(int partRows) {
    return new Writer(partRows);
  }

  /** Writes parts one after the other. */
  final class Writer implements AutoCloseable {

    private final BufferAllocator allocator = new RootAllocator();
    private final VectorSchemaRoot root = VectorSchemaRoot.create(schema(), allocator);
    private @Nullable ArrowFileWriter writer;
    private @Nullable FileChannel channel;
    private final int partRows;
    private final Map<String, String> footer = new HashMap<>();
    private UnknownIds unknownOfPart = UnknownIds.NONE;
    private int pending;

    private Writer(int partRows) {
      this.partRows = partRows;
    }

    /** Returns the rows of the part that is being written. */
    int pending() {
      return pending;
    }

    /**
     * Appends rows.
     *
     * @param problems why rows have no score, by number
     */
    void add(RawRows source, RowScores scores, Map<Long, String> problems) {
      try {
        ArrowFileWriter open = writer == null ? begin() : writer;
        fill(source, scores);
        unknownOfPart = unknownOfPart.plus(scores.unknown());
        note(problems);
        open.writeBatch();
        pending += scores.scores().length;
        if (pending >= partRows) {
          finish();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private ArrowFileWriter begin() throws IOException {
      channel =
          FileChannel.open(
              unfinished(),
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      ArrowFileWriter begun = new ArrowFileWriter(root, null, channel, footer);
      begun.start();
      writer = begun;
      return begun;
    }

    private void fill(RawRows source, RowScores all) {
      float[] scores = all.scores();
      root.clear();
      root.getFieldVectors().forEach(vector -> vector.setInitialCapacity(scores.length));
      root.allocateNew();
      BigIntVector numbers = (BigIntVector) root.getVector(ROW);
      Float4Vector values = (Float4Vector) root.getVector(SCORE);
      for (int i = 0; i < scores.length; i++) {
        numbers.set(i, rows + pending + i);
        values.set(i, scores[i]);
      }
      for (int l = 0; l < labels.size(); l++) {
        Float4Vector ofLabel = (Float4Vector) root.getVector(column(labels.get(l)));
        for (int i = 0; i < scores.length; i++) {
          ofLabel.set(i, all.further()[l][i]);
        }
      }
      for (int c = 0; c < request.keep().size(); c++) {
        VarCharVector texts = (VarCharVector) root.getVector(1 + c);
        for (int i = 0; i < scores.length; i++) {
          Object value = source.get(RowFile.keptName(request.keep().get(c)), i);
          if (value != null) {
            texts.setSafe(i, value.toString().getBytes(StandardCharsets.UTF_8));
          }
        }
      }
      root.setRowCount(scores.length);
    }

    private void note(Map<Long, String> problems) {
      problems.forEach(
          (row, problem) -> {
            int at = (int) (row - rows - pending);
            root.getVector(SCORE).setNull(at);
            labels.forEach(label -> root.getVector(column(label)).setNull(at));
            ((VarCharVector) root.getVector(PROBLEM))
                .setSafe(at, problem.getBytes(StandardCharsets.UTF_8));
          });
    }

    /** Completes the last part. */
    void finish() throws IOException {
      if (writer != null && channel != null) {
        footer.put(UNKNOWN_USERS, String.valueOf(unknownOfPart.users()));
        footer.put(UNKNOWN_ITEMS, String.valueOf(unknownOfPart.items()));
        unknownOfPart = UnknownIds.NONE;
        writer.end();
        channel.force(true);
        release();
        String name = String.format(Locale.ROOT, "part-%012d-%09d.arrow", rows, pending);
        Path part = folder.resolve(name);
        Files.move(unfinished(), part, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.forceFolder(folder);
        parts.add(part);
        rows += pending;
        pending = 0;
      }
    }

    private void release() throws IOException {
      if (channel != null) {
        channel.close();
      }
      channel = null;
      writer = null;
    }

    /** Leaves the finished parts. */
    @Override
    public void close() throws IOException {
      try (allocator;
          root) {
        release();
      }
    }
  }

  private Path unfinished() {
    return folder.resolve("part.tmp");
  }

  private Schema schema() {
    List<Field> fields = new ArrayList<>();
    fields.add(new Field(ROW, FieldType.notNullable(new ArrowType.Int(64, true)), null));
    request.keep().forEach(name -> fields.add(Field.nullable(name, new ArrowType.Utf8())));
    ArrowType float32 = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    boolean skips = request.malformed() == Policy.SKIP;
    FieldType score = new FieldType(skips, float32, null);
    fields.add(new Field(SCORE, score, null));
    labels.forEach(label -> fields.add(new Field(column(label), score, null)));
    if (skips) {
      fields.add(Field.nullable(PROBLEM, new ArrowType.Utf8()));
    }
    return new Schema(fields);
  }

  /**
   * Puts the parts together under the name of the scores, and deletes them.
   *
   * @throws MsrException {@code score/NO_SCORES} if no row has one; then no part is left
   */
  void assemble(ArrowConversion.Format format, Path scratch) throws IOException {
    Path out = request.out();
    Path whole = folder.resolve("whole.arrow");
    join(whole);
    if (malformed > 0 && malformed == rows) {
      parts.clear();
      throw new MsrException(
          ErrorType.DATA,
          "score/NO_SCORES",
          "%s: none of its %d rows can be read. The first: %s"
              .formatted(request.in(), rows, problems.get(0).problem()));
    }
    Path converted = whole;
    if (format != ArrowConversion.Format.ARROW) {
      converted = folder.resolve("whole.converted");
      Files.deleteIfExists(converted);
      ArrowConversion.convert(whole, converted, format, scratch);
      DurableFiles.force(converted);
    }
    Files.move(converted, out, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    DurableFiles.forceFolder(requireNonNull(out.toAbsolutePath().getParent(), "out is a file"));
    DurableFiles.delete(folder);
  }

  /** Returns how many of the assembled rows have no score. */
  long malformed() {
    return malformed;
  }

  /** Returns why the first of them have none. */
  List<RowProblem> problems() {
    return problems;
  }

  /** Returns how many of the assembled rows name ids that the model does not know. */
  UnknownIds unknown() {
    return unknown;
  }

  private void join(Path whole) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(schema(), allocator);
        FileChannel channel =
            FileChannel.open(
                whole,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, channel)) {
      writer.start();
      VectorLoader loader = new VectorLoader(root);
      for (Path part : parts) {
        try (FileChannel in = FileChannel.open(part, StandardOpenOption.READ);
            ArrowFileReader reader = new ArrowFileReader(in, allocator)) {
          while (reader.loadNextBatch()) {
            count(reader.getVectorSchemaRoot());
            VectorUnloader unloader = new VectorUnloader(reader.getVectorSchemaRoot());
            try (ArrowRecordBatch batch = unloader.getRecordBatch()) {
              loader.load(batch);
              writer.writeBatch();
            }
          }
          count(reader.getMetaData());
        }
      }
      writer.end();
      channel.force(true);
    }
  }

  private void count(Map<String, String> footer) {
    long users = Long.parseLong(footer.getOrDefault(UNKNOWN_USERS, "0"));
    long items = Long.parseLong(footer.getOrDefault(UNKNOWN_ITEMS, "0"));
    unknown = unknown.plus(new UnknownIds(users, items));
  }

  private void count(VectorSchemaRoot batch) {
    if (batch.getVector(PROBLEM) instanceof VarCharVector texts) {
      malformed += texts.getValueCount() - texts.getNullCount();
      BigIntVector numbers = (BigIntVector) batch.getVector(ROW);
      for (int i = 0; i < texts.getValueCount(); i++) {
        if (!texts.isNull(i) && problems.size() < ScoringReport.MOST_PROBLEMS) {
          problems.add(new RowProblem(numbers.get(i), texts.getObject(i).toString()));
        }
      }
    }
  }
}

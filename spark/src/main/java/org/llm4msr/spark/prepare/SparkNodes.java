package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;
import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.llm4msr.spark.home.JobException;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.home.ShippedFolder;
import org.llm4msr.spark.job.Options;

/**
 * The executors, as the runtime calls them during preparation: with {@code do} (source, read,
 * arrange, count, query or write) and arguments by name. What they hand over lies in the staging
 * folder.
 */
final class SparkNodes implements Function<Object, Object>, AutoCloseable {

  /** Memory of each of the two databases of a task. */
  private static final long MEMORY = 512L << 20;

  /** The file in the folder with what was learned. */
  private static final String LEARNED = "learned.duckdb";

  private static final String ARRANGED = "arranged";
  private static final StructType PIECES =
      new StructType()
          .add("file", DataTypes.IntegerType)
          .add("start", DataTypes.LongType)
          .add("first", DataTypes.LongType);

  private final SparkSession session;
  private final JavaSparkContext context;
  private final Nodes known;
  private final Path scratch;
  private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
  private List<Piece> pieces = List.of();
  private int results;

  private SparkNodes(SparkSession session, Nodes known, Path scratch) {
    this.session = session;
    this.context = JavaSparkContext.fromSparkContext(session.sparkContext());
    this.known = known;
    this.scratch = scratch;
  }

  /**
   * Makes them.
   *
   * @param options {@code staging}, without which the driver's disk is that of all nodes, and
   *     {@code plugins}
   * @param scratch a folder that lives as long as the job
   * @throws JobException {@code spark/STAGING} where executors have another disk
   */
  static SparkNodes open(SparkSession session, RuntimePlace runtime, Options options, Path scratch)
      throws IOException {
    String place = options.optional("staging");
    if (place == null && !session.sparkContext().isLocal()) {
      throw JobException.ofUser(
          "spark/STAGING",
          "Nodes of %s need a folder that all of them have, or a URL such as hdfs:///tmp, for what they hand over: name it by --staging."
              .formatted(session.sparkContext().master()));
    }
    String parent =
        place == null
            ? LogFile.place(scratch)
            : place.contains(":/") ? place : LogFile.place(Path.of(place));
    String root =
        (parent.endsWith("/") ? parent : parent + "/") + session.sparkContext().applicationId();
    Staging staging =
        new Staging(
            root, new SerializableConfiguration(session.sparkContext().hadoopConfiguration()));
    if (place != null) {
      StagingCheck.require(JavaSparkContext.fromSparkContext(session.sparkContext()), staging);
    }
    Nodes known = new Nodes(runtime, new ArrayList<>(options.all("plugins")), staging, MEMORY);
    return new SparkNodes(session, known, scratch);
  }

  Nodes known() {
    return known;
  }

  @Override
  public Object apply(Object argument) {
    Map<?, ?> call = (Map<?, ?>) argument;
    Thread thread = Thread.currentThread();
    ClassLoader former = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return switch (text(call, "do")) {
        case "source" -> source(call);
        case "read" -> read(call);
        case "arrange" -> arrange(call);
        case "count" -> count(call);
        case "query" -> query(call);
        case "write" -> write(call);
        default -> throw new IllegalArgumentException(text(call, "do"));
      };
    } catch (Exception e) { // Spark throws checked ones that no signature tells.
      JobException told = JobException.in(e);
      if (told != null) {
        throw told;
      }
      throw e instanceof RuntimeException own ? own : new IllegalStateException(e);
    } finally {
      thread.setContextClassLoader(former);
    }
  }

  private static String text(Map<?, ?> call, String name) {
    return (String) value(call, name);
  }

  private static Object value(Map<?, ?> call, String name) {
    return requireNonNull(call.get(name), name);
  }

  private Map<String, Object> source(Map<?, ?> call) {
    boolean lines = Boolean.TRUE.equals(call.get("lines"));
    return new LogSource(session, known.staging(), text(call, "name"), results++)
        .open(lines, scratch);
  }

  private String read(Map<?, ?> call) throws IOException {
    known.staging().make(Piece.ROWS);
    Map<String, LogFile> texts = new HashMap<>();
    List<LogFile> whole = new ArrayList<>();
    int number = 0;
    for (Object told : (List<?>) value(call, "files")) {
      LogFile file = LogFile.of(number++, (Map<?, ?>) told, known.staging().hadoop());
      if (file.kind() != LogFile.Kind.LINES) {
        whole.add(file);
      } else if (texts.put(LogFile.key(file.place()), file) != null) {
        throw JobException.ofUser(
            "spark/FILE_TWICE",
            "%s is twice among the files of the log. Leave it out once.".formatted(file.name()));
      }
    }
    ShippedFolder plan =
        ShippedFolder.send(session.sparkContext(), text(call, "plan"), "llm4msr-plan", scratch);
    PieceReader reader = new PieceReader(known, texts, plan, text(call, "folder"));
    List<Piece> read = new ArrayList<>();
    if (!whole.isEmpty()) {
      read.addAll(context.parallelize(whole, whole.size()).map(reader::read).collect());
    }
    if (!texts.isEmpty()) {
      read.addAll(
          lines(texts.values().stream().map(LogFile::place).toArray(String[]::new), reader));
    }
    requireRead(texts.values(), read);
    pieces = read.stream().sorted().toList();
    return known.staging().get(Piece.ROWS, scratch).toString();
  }

  /** Each text has a header, so that Spark passed over a file of which there is no piece. */
  private static void requireRead(Collection<LogFile> texts, List<Piece> read) {
    Set<Integer> seen = read.stream().map(Piece::file).collect(Collectors.toSet());
    for (LogFile file : texts) {
      if (!seen.contains(file.number())) {
        throw JobException.ofUser(
            "spark/NOT_READ",
            "Spark reads no line of %s. Give it lines, and a name that begins with neither _ nor a dot."
                .formatted(file.name()));
      }
    }
  }

  private List<Piece> lines(String[] files, PieceReader reader) {
    Dataset<Row> lines =
        session
            .read()
            .option("lineSep", "\n")
            .option(LogFile.GLOBS, false)
            .text(files)
            .select(
                col("value").cast("binary"),
                col("_metadata.file_path"),
                col("_metadata.file_block_start"));
    FlatMapFunction<Iterator<Row>, Piece> read = reader::read;
    return lines.toJavaRDD().mapPartitions(read).collect();
  }

  /** Joins the fields to the rows, and writes a file for each part. */
  private boolean arrange(Map<?, ?> call) throws IOException {
    String place = handOver(Path.of(text(call, "ordered")));
    Dataset<Row> rows = session.read().parquet(place);
    long parts = rows.select("part").distinct().count();
    if (known.staging().has(Piece.COLUMNS)) {
      Dataset<Row> columns =
          session
              .read()
              .parquet(known.staging().place(Piece.COLUMNS))
              .join(firstRows(), new String[] {"file", "start"})
              .withColumn("r", col("c").plus(col("first")))
              .drop("file", "start", "first", "c");
      rows = rows.join(columns, "r");
    }
    rows.drop("r")
        .repartition(Math.toIntExact(Math.max(1, parts)), col("part"))
        .write()
        .option("maxRecordsPerFile", 0)
        .partitionBy("part")
        .parquet(known.staging().place(ARRANGED));
    return true;
  }

  /** Brings files of the driver to where executors see them. */
  private String handOver(Path folder) throws IOException {
    if (session.sparkContext().isLocal()) {
      return LogFile.place(folder);
    }
    String name = "driver-" + results++;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        known.staging().put(file, name + "/" + file.getFileName());
      }
    }
    return known.staging().place(name);
  }

  /** Returns the number of each piece's first row in the log. */
  private Dataset<Row> firstRows() {
    List<Row> rows = new ArrayList<>();
    long first = 0;
    for (Piece piece : pieces) {
      rows.add(RowFactory.create(piece.file(), piece.start(), first));
      first += piece.rows();
    }
    return broadcast(session.createDataFrame(rows, PIECES));
  }

  private String count(Map<?, ?> call) throws IOException {
    String name = "counted-" + results++;
    session
        .read()
        .parquet(known.staging().place(ARRANGED))
        .where(col("n").lt(lit(value(call, "rows"))))
        .selectExpr(text(call, "value") + " AS value", "drawn")
        .where(col("value").isNotNull())
        .groupBy("value")
        .agg(
            functions.count(lit(1)).alias("weight"),
            functions.sum(functions.when(col("drawn"), 0).otherwise(1)).alias("logged"))
        .write()
        .parquet(known.staging().place(name));
    return known.staging().get(name, scratch).toString();
  }

  private String query(Map<?, ?> call) throws IOException {
    String name = "found-" + results++;
    List<PartTask.Part> parts = new ArrayList<>();
    for (Map.Entry<Integer, String> part : rowsOfParts().entrySet()) {
      String target = String.format(Locale.ROOT, "%s/%08d.parquet", name, part.getKey());
      parts.add(new PartTask.Part(part.getValue(), target, target, false));
    }
    run(call, parts);
    return known.staging().get(name, scratch).toString();
  }

  private List<Map<String, Object>> write(Map<?, ?> call) throws IOException {
    Map<Integer, String> rows = rowsOfParts();
    List<PartTask.Part> parts = new ArrayList<>();
    ((Map<?, ?>) value(call, "names"))
        .forEach(
            (number, name) -> {
              boolean empty = (Integer) number < 0;
              String own = requireNonNull(rows.get(empty ? 0 : (Integer) number), "a part");
              parts.add(new PartTask.Part(own, "written/" + name, (String) name, empty));
            });
    List<Map<String, Object>> written = run(call, parts);
    for (PartTask.Part part : parts) {
      Path target = Path.of(text(call, "folder")).resolve(part.name());
      Files.createDirectories(requireNonNull(target.getParent(), "folder"));
      known.staging().take(part.target(), target);
    }
    return written;
  }

  private List<Map<String, Object>> run(Map<?, ?> call, List<PartTask.Part> parts)
      throws IOException {
    Path learned = Path.of(text(call, "snapshot")).resolve(LEARNED);
    Snapshot snapshot = Snapshot.of(learned, known.staging(), results++ + "-" + LEARNED);
    PartTask task = PartTask.of(known, snapshot, call);
    List<Map<String, Object>> told =
        new ArrayList<>(context.parallelize(parts, parts.size()).map(task::run).collect());
    snapshot.delete();
    return told;
  }

  /** Returns the file with the rows of each part. */
  private Map<Integer, String> rowsOfParts() throws IOException {
    Map<Integer, String> rows = new TreeMap<>();
    for (String folder : known.staging().list(ARRANGED)) {
      if (folder.startsWith("part=")) {
        int number = Integer.parseInt(folder.substring("part=".length()));
        rows.put(number, known.staging().only(ARRANGED + "/" + folder));
      }
    }
    return rows;
  }

  @Override
  public void close() throws IOException {
    known.staging().delete();
  }
}

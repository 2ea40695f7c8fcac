package org.llm4msr.spark.prepare;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.llm4msr.spark.home.MissingInput;

/**
 * A part of the log that Spark reads and the reader of the runtime does not: files at a URL, ORC,
 * or a table of the catalogue. All but text becomes Parquet in the staging folder, in the order of
 * the files' names, or that of the table.
 */
final class LogSource {

  private static final String TABLE = "table:";
  private static final int BUFFER = 1 << 20;

  private final SparkSession session;
  private final Staging staging;
  private final String name;
  private final int number;

  /**
   * Names it.
   *
   * @param number tells it from others
   */
  LogSource(SparkSession session, Staging staging, String name, int number) {
    this.session = session;
    this.staging = staging;
    this.name = name;
    this.number = number;
  }

  /**
   * Opens it.
   *
   * @param lines whether it is text
   * @param scratch gets what the driver needs of it
   * @return {@code files} (the places of text, or names in the staging folder), {@code sample} (a
   *     file with the columns of all) and {@code sources} ({@code name}, {@code bytes} and {@code
   *     sha256} of each file)
   * @throws org.llm4msr.spark.home.JobException {@code data/MISSING_FILE}, {@code data/BAD_ROWS}
   */
  Map<String, Object> open(boolean lines, Path scratch) {
    try {
      return name.startsWith(TABLE) ? table(scratch) : lines ? text(scratch) : columnar(scratch);
    } catch (Exception e) { // Spark throws checked ones that no signature tells.
      throw MissingInput.explain(e, name, "Fix the files of the section dataset.");
    }
  }

  private Map<String, Object> table(Path scratch) throws IOException {
    Dataset<Row> rows = session.table(name.substring(TABLE.length()));
    String[] files = sorted(rows);
    // Nobody knows whether a table without files has changed.
    List<Map<String, Object>> sources =
        files.length > 0
            ? stamps(files)
            : List.of(
                Map.of(
                    "name", name, "bytes", 0L, "sha256", session.sparkContext().applicationId()));
    return told(staged(rows, 0), scratch, sources);
  }

  private Map<String, Object> columnar(Path scratch) throws IOException {
    String format = name.toLowerCase(Locale.ROOT).endsWith(".orc") ? "orc" : "parquet";
    String[] files = sorted(session.read().format(format).load(name));
    List<String> staged = new ArrayList<>();
    for (int file = 0; file < files.length; file++) {
      staged.addAll(
          staged(
              session.read().option(LogFile.GLOBS, false).format(format).load(files[file]), file));
    }
    return told(staged, scratch, stamps(files));
  }

  private List<String> staged(Dataset<Row> rows, int file) throws IOException {
    String folder = String.format(Locale.ROOT, "input/%06d-%06d", number, file);
    rows.write().parquet(staging.place(folder));
    return staging.list(folder).stream()
        .filter(part -> part.endsWith(".parquet"))
        .sorted()
        .map(part -> folder + "/" + part)
        .toList();
  }

  private Map<String, Object> told(
      List<String> staged, Path scratch, List<Map<String, Object>> sources) throws IOException {
    String sample = staging.get(staged.get(0), scratch).toString();
    return Map.of("files", staged, "sample", sample, "sources", sources);
  }

  private Map<String, Object> text(Path scratch) throws IOException {
    String[] files = sorted(session.read().text(name));
    Path sample = scratch.resolve("log-%06d.csv".formatted(number));
    byte[] header = header(files[0], staging.hadoop());
    Files.write(sample, header);
    Files.writeString(sample, "\n", UTF_8, StandardOpenOption.APPEND);
    return Map.of("files", List.of(files), "sample", sample.toString(), "sources", stamps(files));
  }

  private String[] sorted(Dataset<Row> rows) {
    return Stream.of(rows.inputFiles()).map(LogFile::place).sorted().toArray(String[]::new);
  }

  /** Returns the first line of a file, without its end. */
  static byte[] header(String place, SerializableConfiguration hadoop) throws IOException {
    var path = new org.apache.hadoop.fs.Path(place);
    CompressionCodec codec = new CompressionCodecFactory(hadoop.value()).getCodec(path);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (InputStream raw = path.getFileSystem(hadoop.value()).open(path);
        InputStream in =
            new BufferedInputStream(codec == null ? raw : codec.createInputStream(raw))) {
      for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
        line.write(next);
      }
    }
    return line.toByteArray();
  }

  private List<Map<String, Object>> stamps(String[] files) {
    SerializableConfiguration hadoop = staging.hadoop();
    List<String> places = List.of(files);
    return new ArrayList<>(
        JavaSparkContext.fromSparkContext(session.sparkContext())
            .parallelize(places, places.size())
            .map(place -> stamp(place, hadoop))
            .collect());
  }

  private static Map<String, Object> stamp(String place, SerializableConfiguration hadoop) {
    var path = new org.apache.hadoop.fs.Path(place);
    try {
      FileSystem files = path.getFileSystem(hadoop.value());
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[BUFFER];
      long bytes = 0;
      try (InputStream in = files.open(path)) {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          digest.update(buffer, 0, read);
          bytes += read;
        }
      }
      return new HashMap<>(
          Map.of(
              "name",
              path.getName(),
              "bytes",
              bytes,
              "sha256",
              HexFormat.of().formatHex(digest.digest())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}

package org.llm4msr.runtime.scoring;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.database.ArrowConversion;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.data.rows.RowFile;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.files.FileErrors;

/**
 * Scores a file as a stream. Finished parts lie in a folder beside the target until all are there:
 * a job that was killed continues after the last of them.
 */
final class FileScoring {

  private final ScoreFunction model;
  private final List<ScoringColumn> columns;
  private final ScoringRequest request;
  private final List<String> labels;
  private final boolean leakFutureInteractions;

  /** Scores rows of raw values. */
  @FunctionalInterface
  public interface ScoreFunction {
    /**
     * Returns the probabilities of the rows, NaN for one that cannot be read.
     *
     * @param first number of the first row, for error texts
     * @param malformed gets why rows cannot be read; null if the first of them is an error
     */
    RowScores score(RawRows rows, long first, @Nullable Consumer<? super RowException> malformed);
  }

  /**
   * Makes a job.
   *
   * @param columns those that the model reads
   * @param labels names of the further labels that the model learns
   * @param leakFutureInteractions as the report says about the model
   */
  public FileScoring(
      ScoreFunction model,
      List<ScoringColumn> columns,
      ScoringRequest request,
      List<String> labels,
      boolean leakFutureInteractions) {
    this.model = model;
    this.columns = columns;
    this.request = request;
    this.labels = labels;
    this.leakFutureInteractions = leakFutureInteractions;
  }

  /**
   * Does the job, or what is left of it.
   *
   * @param identity of the model; parts of another model are not continued
   * @param scratch an empty folder
   * @param progress gets the number of rows; the total is known only for Parquet
   */
  public ScoringReport run(String identity, Path scratch, Progress progress) {
    ArrowConversion.Format format = ArrowConversion.Format.of(request.out());
    requireTarget();
    try (RowFile file =
            new RowFile(
                request.in(),
                request.delimiter(),
                request.listSeparator(),
                request.malformed(),
                scratch);
        ScoreJobFolder job = ScoreJobFolder.open(request, labels, key(identity))) {
      requireTarget(); // Another job may just have finished it.
      requireColumns(file);
      boolean untimed = UntimedRows.warn(request.in(), columns, file.columns());
      long before = job.rows();
      long total = file.rows();
      progress.detail(before, "");
      long started = System.nanoTime();
      try (ScoreJobFolder.Writer writer = job.writer(request.partRows())) {
        file.forEach(
            columns,
            request.keep(),
            before,
            rows -> {
              Map<Long, String> problems = new HashMap<>();
              RowScores scores = score(rows, job.rows() + writer.pending(), problems);
              writer.add(rows, scores, problems);
              progress.update(job.rows() + writer.pending(), total);
            });
        writer.finish();
      }
      double seconds = (System.nanoTime() - started) / 1e9;
      long rows = job.rows();
      job.assemble(format, scratch);
      return new ScoringReport(
          request.out(),
          rows,
          before,
          job.malformed(),
          job.problems(),
          job.unknown(),
          rows == before ? 0 : (rows - before) / seconds,
          leakFutureInteractions,
          untimed);
    } catch (IOException e) {
      throw notWritten(e);
    } catch (UncheckedIOException e) {
      throw notWritten(requireNonNull(e.getCause(), "an UncheckedIOException has a cause"));
    }
  }

  /**
   * Scores rows; their errors name the row, and only here is the file known.
   *
   * @param problems gets why rows cannot be read, by number, where that is no error
   */
  private RowScores score(RawRows rows, long first, Map<Long, String> problems) {
    try {
      return model.score(
          rows,
          first,
          request.malformed() == Policy.STRICT
              ? null
              : malformed -> problems.put(malformed.row(), malformed.text()));
    } catch (MsrException e) {
      String others =
          e instanceof RowException ? " To score the other rows, add --malformed skip." : "";
      throw new MsrException(
          e.type(), e.code(), request.in() + ": " + e.text() + others, e, e.retryable());
    }
  }

  private MsrException notWritten(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "score/NOT_WRITTEN",
        "%s could not be written: %s. Make room, or choose another file; run again, scoring resumes where it stopped."
            .formatted(request.out(), FileErrors.reason(e)),
        e,
        true);
  }

  private void requireTarget() {
    Path folder = request.out().toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw user(
          "NO_FOLDER", "There is no folder " + folder + ". Create it, or choose another file.");
    }
    if (isInput()) {
      throw user(
          "SAME_FILE", "%s holds the rows; the scores need another file.".formatted(request.in()));
    }
    if (Files.exists(request.out()) && !request.force()) {
      throw user("EXISTS", request.out() + " already exists. Choose another file, or add --force.");
    }
  }

  private boolean isInput() {
    try {
      return Files.exists(request.out()) && Files.isSameFile(request.in(), request.out());
    } catch (IOException e) {
      return false; // The input does not exist, which is reported when it is opened.
    }
  }

  private void requireColumns(RowFile file) {
    Set<String> present = file.columns();
    // Parquet and CSV are written by a database that ignores the case of letters.
    Set<String> taken = new HashSet<>(ScoreJobFolder.own(request.malformed(), labels));
    for (String name : request.keep()) {
      if (!taken.add(name.toLowerCase(Locale.ROOT))) {
        throw user(
            "KEPT_NAME",
            "The column %s of %s cannot be kept: the scores already have a column of this name, in upper or lower case. Rename it there, or leave it out of what is kept."
                .formatted(name, request.in()));
      }
    }
    Set<String> missing = new LinkedHashSet<>(request.keep());
    missing.removeAll(present);
    if (!missing.isEmpty()) {
      boolean isNeeded =
          columns.stream().anyMatch(column -> column.required() && missing.contains(column.name()));
      throw user(
          "MISSING_COLUMN",
          "%s has no column %s %s; it has %s.%s"
              .formatted(
                  request.in(),
                  String.join(", ", missing),
                  isNeeded ? "that the model needs" : "to keep",
                  String.join(", ", present),
                  file.otherDelimiter()));
    }
  }

  private String key(String identity) throws IOException {
    Path in = request.in().toAbsolutePath().normalize();
    return String.join(
        "|",
        identity,
        in.toString(),
        Files.isRegularFile(in)
            ? Files.size(in) + " " + Files.getLastModifiedTime(in).toMillis()
            : "",
        request.listSeparator(),
        request.keep().toString(),
        request.malformed() + (request.delimiter().equals(",") ? "" : request.delimiter()));
  }

  private static MsrException user(String code, String message) {
    return new MsrException(ErrorType.USER, "score/" + code, message);
  }
}

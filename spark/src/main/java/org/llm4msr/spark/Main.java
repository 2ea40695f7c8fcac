package org.llm4msr.spark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.extract.ExtractJob;
import org.llm4msr.spark.home.JobException;
import org.llm4msr.spark.job.Job;
import org.llm4msr.spark.job.JobReport;
import org.llm4msr.spark.job.Options;
import org.llm4msr.spark.prepare.PrepareJob;
import org.llm4msr.spark.score.ScoreJob;
import org.llm4msr.spark.train.TrainJob;

/**
 * The application: {@code spark-submit --class org.llm4msr.spark.Main llm4msr-spark.jar JOB
 * OPTIONS}. Exit codes: 0 done, 1 failed, 2 wrong use. With {@code --answer FILE}, the report, or
 * the error, goes into that file instead of standard output.
 */
public final class Main {

  private static final int FAILED = 1;
  private static final int WRONG_USE = 2;
  private static final Map<String, Job> JOBS =
      Map.of(
          "prepare", new PrepareJob(),
          "extract", new ExtractJob(System.err),
          "train", new TrainJob(System.err),
          "score", new ScoreJob());

  private Main() {}

  /** Runs a job and ends the process with its exit code. */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    System.exit(run(List.of(arguments)));
  }

  private static int run(List<String> arguments) {
    String answer = null;
    try {
      Job job = arguments.isEmpty() ? null : JOBS.get(arguments.get(0));
      if (job == null) {
        throw Options.usage(
            "The first word must be one of " + String.join(", ", new TreeSet<>(JOBS.keySet())));
      }
      Options options = Options.parse(arguments.subList(1, arguments.size()));
      answer = options.optional("answer");
      report(run(job, options), answer);
      return 0;
    } catch (Exception e) { // Spark throws checked ones that no signature tells.
      return failed(e, answer);
    }
  }

  private static JobReport run(Job job, Options options) {
    SparkSession session =
        SparkSession.builder()
            // Two columns may differ by case alone, and names are not guessed.
            .config("spark.sql.caseSensitive", "true")
            .config("spark.sql.datetime.java8API.enabled", "true")
            // The form of times that other readers of Parquet know.
            .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
            // Otherwise what the context sends to executors does not reach the session's tasks.
            .config("spark.sql.artifact.isolation.enabled", "false")
            .getOrCreate();
    try {
      return job.run(session, options);
    } finally {
      session.stop();
    }
  }

  private static void report(JobReport report, @Nullable String answer) {
    if (answer == null) {
      System.out.println(report.text());
    } else {
      write(report, answer);
    }
  }

  private static int failed(Exception error, @Nullable String answer) {
    JobException known = JobException.in(error);
    if (known == null) {
      error.printStackTrace();
      return FAILED;
    }
    if (answer == null) {
      System.err.println(known.getMessage());
    } else {
      Map<String, String> values =
          Map.of(
              "error",
              String.valueOf(known.getMessage()),
              "ofUser",
              String.valueOf(known.isOfUser()));
      write(new JobReport("", values), answer);
    }
    return known.isOfUser() ? WRONG_USE : FAILED;
  }

  private static void write(JobReport report, String answer) {
    try {
      report.write(Path.of(answer));
    } catch (IOException e) {
      throw new IllegalStateException(answer + " cannot be written: " + e.getMessage(), e);
    }
  }
}

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
import org.llm4msr.spark.home.SentPlugins;
import org.llm4msr.spark.home.WorkFolder;
import org.llm4msr.spark.job.Job;
import org.llm4msr.spark.job.JobReport;
import org.llm4msr.spark.job.Options;
import org.llm4msr.spark.job.TaskLines;
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
          "prepare",
          TaskLines.during("prepare", new PrepareJob(), System.err),
          "extract",
          new ExtractJob(System.err),
          "train",
          new TrainJob(),
          "score",
          TaskLines.during("score", new ScoreJob(), System.err));

  private Main() {}

  /**
   * Runs a job and ends the process with its exit code. Where YARN runs the driver, it returns or
   * throws instead: YARN takes each end of the process for a failure, and shows an exception.
   */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT);
    List<String> all = List.of(arguments);
    if (!isRunByYarn()) {
      System.exit(exitCode(all));
    }
    Job job = job(all);
    report(run(job, options(all)), null);
  }

  private static boolean isRunByYarn() {
    return "yarn".equals(System.getProperty("spark.master"))
        && "cluster".equals(System.getProperty("spark.submit.deployMode"));
  }

  private static int exitCode(List<String> arguments) {
    String answer = null;
    try {
      Job job = job(arguments);
      Options options = options(arguments);
      answer = options.optional("answer");
      report(run(job, options), answer);
      return 0;
    } catch (Exception e) { // Spark throws checked ones that no signature tells.
      return failed(e, answer);
    }
  }

  private static Job job(List<String> arguments) {
    Job job = arguments.isEmpty() ? null : JOBS.get(arguments.get(0));
    if (job == null) {
      throw Options.usage(
          "The first word must be one of " + String.join(", ", new TreeSet<>(JOBS.keySet())));
    }
    return job;
  }

  private static Options options(List<String> arguments) {
    return Options.parse(arguments.subList(1, arguments.size()));
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
    try (WorkFolder scratch = WorkFolder.make()) {
      SentPlugins.send(session.sparkContext(), options.all("plugins"), scratch.path());
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
    JobException found = JobException.in(error);
    if (found == null) {
      error.printStackTrace();
    }
    JobException known = found == null ? unknown(error) : found;
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

  /** The last cause says most; Spark's others repeat it. */
  private static JobException unknown(Exception error) {
    Throwable last = error;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    String text = String.valueOf(last.getMessage()).lines().findFirst().orElse("no text");
    return JobException.of(
        "spark/FAILED",
        "%s: %s. The output above has the rest.".formatted(last.getClass().getSimpleName(), text),
        error);
  }

  private static void write(JobReport report, String answer) {
    try {
      report.write(Path.of(answer));
    } catch (IOException e) {
      throw new IllegalStateException(answer + " cannot be written: " + e.getMessage(), e);
    }
  }
}

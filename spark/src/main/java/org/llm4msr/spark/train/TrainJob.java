package org.llm4msr.spark.train;

import static java.util.Objects.requireNonNull;

import java.io.PrintStream;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.llm4msr.spark.home.JobException;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.job.Job;
import org.llm4msr.spark.job.JobReport;
import org.llm4msr.spark.job.Options;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Trains one model by N workers that move together, each in an executor of its own. The result is
 * that of {@code llm4msr train} up to rounding, and the same bits for the same N.
 *
 * <p>The workers are a barrier stage in front of a shuffle: Spark repeats such a stage where an
 * executor is lost, and training then goes on from its last checkpoint.
 */
public final class TrainJob implements Job {

  private final PrintStream output;

  /**
   * Makes the job.
   *
   * @param output gets what workers warn of
   */
  public TrainJob(PrintStream output) {
    this.output = output;
  }

  @Override
  public JobReport run(SparkSession session, Options options) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    SparkConf conf = context.getConf();
    TrainRequest request =
        TrainRequest.of(
            RuntimePlace.of(conf),
            Integer.parseInt(conf.get("spark.task.cpus", "1")),
            context.sc().applicationId(),
            options);
    List<Map<String, String>> told = train(context, request);
    warnings(told).forEach(warning -> output.println("WARN " + warning));
    requireSuccess(told);
    return report(request.workers(), told);
  }

  private static List<Map<String, String>> train(JavaSparkContext context, TrainRequest request) {
    ClassTag<HashMap<String, String>> tag = ClassTag$.MODULE$.apply(HashMap.class);
    List<Integer> ranks = IntStream.range(0, request.workers()).boxed().toList();
    return JavaRDD.fromRDD(
            context
                .parallelize(ranks, request.workers())
                .rdd()
                .barrier()
                .mapPartitions(new TrainTask(request), false, tag),
            tag)
        .repartition(1)
        .collect()
        .stream()
        .sorted(Comparator.comparing(each -> Integer.parseInt(value(each, "rank"))))
        .<Map<String, String>>map(each -> each)
        .toList();
  }

  /** Returns what workers warned of, each text once, with the first worker that says it. */
  static List<String> warnings(List<Map<String, String>> told) {
    Map<String, String> found = new LinkedHashMap<>();
    for (Map<String, String> each : told) {
      each.getOrDefault("warnings", "")
          .lines()
          .forEach(text -> found.putIfAbsent(text, value(each, "rank")));
    }
    return found.entrySet().stream()
        .map(each -> "worker %s: %s".formatted(each.getValue(), each.getKey()))
        .toList();
  }

  /** What another worker's failure caused is not the one to report. */
  private static void requireSuccess(List<Map<String, String>> told) {
    told.stream()
        .filter(each -> each.containsKey("error"))
        .min(Comparator.comparing(each -> value(each, "error").startsWith("[training/WORKER_")))
        .ifPresent(
            each -> {
              String text = value(each, "error");
              throw JobException.of(
                  Boolean.parseBoolean(each.get("ofUser"))
                      ? new IllegalArgumentException(text)
                      : new IllegalStateException(text),
                  "");
            });
  }

  /** Returns what the first worker told. */
  static JobReport report(int workers, List<Map<String, String>> told) {
    Map<String, String> values = new LinkedHashMap<>(told.get(0));
    values.remove("warnings");
    values.put("workers", String.valueOf(workers));
    String text =
        String.format(
            Locale.ROOT,
            "%s: best at step %,d of %,d, %s; %,.0f rows/s by %d workers%nbundle: %s",
            value(values, "run"),
            Long.parseLong(value(values, "bestStep")),
            Long.parseLong(value(values, "steps")),
            value(values, "validation"),
            Double.parseDouble(value(values, "rowsPerSecond")),
            workers,
            value(values, "bundle"));
    return new JobReport(text, values);
  }

  private static String value(Map<String, String> values, String name) {
    return requireNonNull(values.get(name), name);
  }
}

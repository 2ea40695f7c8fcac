package org.llm4msr.spark.extract;

import static java.util.Objects.requireNonNull;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.SparkSession;
import org.llm4msr.spark.home.LoadedRuntime;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.job.Job;
import org.llm4msr.spark.job.JobReport;
import org.llm4msr.spark.job.Options;

/**
 * Fills the knowledge store of an experiment. The driver writes prompts, skips those whose vectors
 * are stored, and stores what executors return; so the store is that of {@code llm4msr knowledge
 * extract}, and only the driver must see the prepared data and the workspace.
 */
public final class ExtractJob implements Job {

  /** Calls for each task that can run at once, so that few wait for the last of a window. */
  private static final int CALLS_A_TASK = 8;

  private static final int PROMPTS_A_CALL = 64;
  private static final int LEAST_WINDOW = 1024;

  private final PrintStream progress;

  /**
   * Makes the job.
   *
   * @param progress gets a line each minute
   */
  public ExtractJob(PrintStream progress) {
    this.progress = progress;
  }

  @Override
  public JobReport run(SparkSession session, Options options) {
    SparkContext context = session.sparkContext();
    int threads = context.getConf().getInt("spark.task.cpus", 1);
    int tasks = Math.max(1, context.defaultParallelism() / threads);
    RuntimePlace runtime = RuntimePlace.of(context.getConf());
    ExecutorCalls calls = new ExecutorCalls(context, runtime, threads, options.all("plugins"));
    AtomicLong started = new AtomicLong();
    context.addSparkListener(
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            started.incrementAndGet();
          }
        });
    Map<String, Object> settings = new HashMap<>();
    settings.put("experiment", options.required("experiment"));
    settings.put("overrides", options.all("set"));
    settings.put("plugins", options.all("plugins"));
    settings.put("rebuild", options.or("rebuild", "false").equals("true"));
    settings.put("window", Math.max(LEAST_WINDOW, tasks * CALLS_A_TASK * PROMPTS_A_CALL));
    settings.put("cluster", calls);
    settings.put("progress", new ProgressLines(progress, "extract", "prompts"));
    Map<?, ?> told = (Map<?, ?>) LoadedRuntime.of(runtime).call("ExtractKnowledge", settings);
    Map<String, String> values = new LinkedHashMap<>();
    told.forEach((name, value) -> values.put((String) name, String.valueOf(value)));
    values.put("calls", String.valueOf(calls.made()));
    values.put("repeated", String.valueOf(Math.max(0, started.get() - calls.made())));
    return new JobReport(text(values), values);
  }

  /** Returns what was read and stored, in words; users and items without a vector are counted. */
  static String text(Map<String, String> values) {
    long read = number(values, "read");
    double seconds = Double.parseDouble(requireNonNull(values.get("seconds")));
    return String.format(
        Locale.ROOT,
        "%s: %,d scenarios, %,d users, %,d items; %,d prompts read at %,.1f/s in %,d calls (%,d"
            + " repeated), %,d stored already; %,d users and items have no vector",
        values.get("folder"),
        number(values, "scenarios"),
        number(values, "users"),
        number(values, "items"),
        read,
        read == 0 ? 0 : read / seconds,
        number(values, "calls"),
        number(values, "repeated"),
        number(values, "stored"),
        number(values, "without"));
  }

  private static long number(Map<String, String> values, String name) {
    return Long.parseLong(requireNonNull(values.get(name), name));
  }
}

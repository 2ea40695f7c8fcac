package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.home.WorkFolder;
import org.llm4msr.spark.job.Job;
import org.llm4msr.spark.job.JobReport;
import org.llm4msr.spark.job.Options;

/**
 * Prepares the data of an experiment. Executors read the log and write its rows; the driver orders
 * them without their fields, and learns from what executors count: the result is that of {@code
 * llm4msr data prepare}, but for the files of the splits, which are parts.
 */
public final class PrepareJob implements Job {

  /** Whole record batches: training shuffles these, and then is that of one file. */
  private static final String PART_ROWS = String.valueOf(16 * 65_536);

  private static final List<String> NUMBERS =
      List.of("train", "validation", "test", "users", "scenarios", "reused");

  @Override
  public JobReport run(SparkSession session, Options options) {
    try (WorkFolder work = WorkFolder.make()) {
      SparkContext context = session.sparkContext();
      RuntimePlace runtime = RuntimePlace.of(context.getConf());
      try (SparkNodes nodes = SparkNodes.open(session, runtime, options, work.path())) {
        return report(options.required("out"), prepare(nodes, options));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<?, ?> prepare(SparkNodes nodes, Options options) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("config", options.required("config"));
    settings.put("overrides", options.all("set"));
    settings.put("plugins", options.all("plugins"));
    settings.put("out", options.required("out"));
    settings.put("extend", options.optional("extend"));
    settings.put("force", Boolean.parseBoolean(options.or("force", "false")));
    settings.put("partRows", Long.parseLong(options.or("part-rows", PART_ROWS)));
    settings.put("nodes", nodes);
    return nodes.known().call("PrepareData", settings);
  }

  private static JobReport report(String out, Map<?, ?> told) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("out", out);
    NUMBERS.forEach(name -> values.put(name, String.valueOf(told.get(name))));
    String text =
        String.format(
            Locale.ROOT,
            "%s: %,d training, %,d validation and %,d test rows of %,d users in %d scenarios%s",
            out,
            number(told, "train"),
            number(told, "validation"),
            number(told, "test"),
            number(told, "users"),
            number(told, "scenarios"),
            Boolean.TRUE.equals(told.get("reused")) ? " (already prepared)" : "");
    return new JobReport(text, values);
  }

  private static long number(Map<?, ?> told, String name) {
    return ((Number) requireNonNull(told.get(name), name)).longValue();
  }
}

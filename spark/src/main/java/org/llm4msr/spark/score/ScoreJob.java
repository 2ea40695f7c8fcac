package org.llm4msr.spark.score;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.llm4msr.spark.home.JobException;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.home.ShippedFolder;
import org.llm4msr.spark.home.WorkFolder;
import org.llm4msr.spark.job.Job;
import org.llm4msr.spark.job.JobReport;
import org.llm4msr.spark.job.Options;
import org.llm4msr.spark.score.ScoreRequest.Format;

/**
 * Scores rows with the model of a bundle, which is sent to the executors. A row's score is that of
 * {@code llm4msr score}: to the bit if the same rows go through the model together, within 1e-6
 * otherwise.
 */
public final class ScoreJob implements Job {

  @Override
  public JobReport run(SparkSession session, Options options) {
    ScoreRequest request = ScoreRequest.of(options);
    try (WorkFolder scratch = WorkFolder.make()) {
      return run(session, request, scratch.path());
    }
  }

  private static JobReport run(SparkSession session, ScoreRequest request, Path scratch) {
    OutputFolder out = OutputFolder.open(session, request.out(), request.force());
    if (request.format() != Format.TABLE) {
      out.requireApartFrom(session, request.in());
    }
    InputRows in = InputRows.open(session, request);
    ScoreModel model = model(session.sparkContext(), request, scratch);
    Map<?, ?> told = model.describe(request, in.columns());
    ScoreColumns columns =
        new ScoreColumns(
            texts(told, "columns"),
            request.keep(),
            request.format() == Format.CSV,
            request.skip(),
            texts(told, "labels"));
    ScorePartition.Counts counts = counts(session.sparkContext());
    int batchSize = (Integer) requireNonNull(told.get("batchSize"), "batchSize");
    Dataset<Row> scores =
        columns
            .select(in.rows())
            .mapPartitions(
                new ScorePartition(model, columns, request.in(), batchSize, counts),
                Encoders.row(columns.scores(in.rows().schema())));
    long started = System.nanoTime();
    out.write(scores);
    double seconds = (System.nanoTime() - started) / 1e9;
    requireScores(request, out, counts);
    return report(request, counts, seconds, told);
  }

  private static List<String> texts(Map<?, ?> told, String key) {
    List<String> texts = new ArrayList<>();
    ((List<?>) requireNonNull(told.get(key), key)).forEach(text -> texts.add((String) text));
    return texts;
  }

  private static ScoreModel model(SparkContext context, ScoreRequest request, Path scratch) {
    String knowledge = request.knowledge();
    return new ScoreModel(
        RuntimePlace.of(context.getConf()),
        ShippedFolder.send(context, request.bundle(), "llm4msr-bundle", scratch),
        knowledge == null
            ? null
            : ShippedFolder.send(context, knowledge, "llm4msr-knowledge", scratch),
        request.overrides(),
        request.plugins(),
        request.listSeparator());
  }

  private static ScorePartition.Counts counts(SparkContext context) {
    Examples problems = new Examples();
    context.register(problems, "problems");
    return new ScorePartition.Counts(
        context.longAccumulator("rows"),
        context.longAccumulator("malformed"),
        context.longAccumulator("rows of unknown users"),
        context.longAccumulator("rows of unknown items"),
        problems);
  }

  private static void requireScores(
      ScoreRequest request, OutputFolder out, ScorePartition.Counts counts) {
    long malformed = counts.malformed().value();
    if (malformed > 0 && malformed == counts.rows().value()) {
      out.delete();
      throw JobException.of(
          "score/NO_SCORES",
          "%s: none of its %d rows can be read. The first: %s"
              .formatted(request.in(), malformed, counts.problems().value().get(0)),
          null);
    }
  }

  private static JobReport report(
      ScoreRequest request, ScorePartition.Counts counts, double seconds, Map<?, ?> told) {
    long rows = counts.rows().value();
    long malformed = counts.malformed().value();
    List<String> problems = counts.problems().value().stream().sorted().toList();
    Map<String, String> values = new LinkedHashMap<>();
    values.put("out", request.out());
    values.put("rows", String.valueOf(rows));
    values.put("malformed", String.valueOf(malformed));
    values.put("unknownUsers", String.valueOf(counts.unknownUsers().value()));
    values.put("unknownItems", String.valueOf(counts.unknownItems().value()));
    values.put("rowsPerSecond", String.valueOf(rows / seconds));
    values.put("leakFutureInteractions", String.valueOf(told.get("leaks")));
    values.put("untimed", String.valueOf(told.get("untimed")));
    for (int i = 0; i < problems.size(); i++) {
      values.put("problem." + i, problems.get(i));
    }
    String text = text(request.out(), rows, rows / seconds, malformed, problems);
    return new JobReport(text, values);
  }

  /** Returns what was scored in words, with the first problems of rows without a score. */
  static String text(
      String out, long rows, double rowsPerSecond, long malformed, List<String> problems) {
    StringBuilder text =
        new StringBuilder(
            String.format(Locale.ROOT, "%s: %,d rows, %,.0f rows/s", out, rows, rowsPerSecond));
    if (malformed > 0) {
      text.append(
          String.format(
              Locale.ROOT, "%nRows that cannot be read and have no score: %,d", malformed));
      problems.forEach(problem -> text.append("\n  ").append(problem));
      if (malformed > problems.size()) {
        text.append("\n  ... The column problem names them all.");
      }
    }
    return text.toString();
  }
}

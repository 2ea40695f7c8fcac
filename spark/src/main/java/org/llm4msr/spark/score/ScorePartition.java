package org.llm4msr.spark.score;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.LongAccumulator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.home.JobException;

/**
 * Scores the rows of a partition, a batch at a time and in their order, with the model of the
 * process.
 */
final class ScorePartition implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  /** A line of CSV that is shown in an error is cut here. */
  private static final int SHOWN = 200;

  private final ScoreModel model;
  private final ScoreColumns columns;
  private final String source;
  private final int batchSize;
  private final Counts counts;

  /**
   * What a job counts. Each partition is counted once, however often it is tried: its task writes
   * the scores, and Spark takes over what that tells with its success.
   */
  record Counts(
      LongAccumulator rows,
      LongAccumulator malformed,
      LongAccumulator unknownUsers,
      LongAccumulator unknownItems,
      Examples problems)
      implements Serializable {}

  /**
   * Makes the function.
   *
   * @param source what the rows are called in errors
   * @param batchSize rows that go through the model at once
   */
  ScorePartition(
      ScoreModel model, ScoreColumns columns, String source, int batchSize, Counts counts) {
    this.model = model;
    this.columns = columns;
    this.source = source;
    this.batchSize = batchSize;
    this.counts = counts;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new Scored(rows, model.open());
  }

  /** The scores of a partition, as they are asked for. */
  private final class Scored implements Iterator<Row> {

    private final Iterator<Row> rows;
    private final Function<Object, Object> scorer;
    private final int[] kept = columns.kept();
    private final String place = "%s, partition %d".formatted(source, TaskContext.getPartitionId());
    private Iterator<Row> ready = Collections.emptyIterator();
    private long first;

    Scored(Iterator<Row> rows, Function<Object, Object> scorer) {
      this.rows = rows;
      this.scorer = scorer;
    }

    @Override
    public boolean hasNext() {
      return ready.hasNext() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      if (!ready.hasNext()) {
        ready = score(batch()).iterator();
      }
      return ready.next();
    }

    private List<Row> batch() {
      List<Row> batch = new ArrayList<>();
      while (batch.size() < batchSize && rows.hasNext()) {
        batch.add(rows.next());
      }
      return batch;
    }

    private List<Row> score(List<Row> batch) {
      Map<?, ?> result = (Map<?, ?>) call(batch);
      float[] scores = (float[]) requireNonNull(result.get("scores"), "scores");
      float[][] labels = (float[][]) requireNonNull(result.get("labels"), "labels");
      Map<?, ?> problems = (Map<?, ?>) requireNonNull(result.get("problems"), "problems");
      List<Row> scored = new ArrayList<>(scores.length);
      for (int i = 0; i < scores.length; i++) {
        String problem = (String) problems.get(i);
        float[] ofRow = new float[1 + labels.length];
        ofRow[0] = scores[i];
        for (int label = 0; label < labels.length; label++) {
          ofRow[1 + label] = labels[label][i];
        }
        scored.add(row(batch.get(i), ofRow, problem));
        if (problem != null) {
          counts.problems.add(place + keptOf(batch.get(i)) + ": " + problem);
        }
      }
      counts.rows.add(scores.length);
      counts.malformed.add(problems.size());
      counts.unknownUsers.add((Long) requireNonNull(result.get("unknownUsers"), "unknownUsers"));
      counts.unknownItems.add((Long) requireNonNull(result.get("unknownItems"), "unknownItems"));
      first += scores.length;
      return scored;
    }

    private Object call(List<Row> batch) {
      Map<String, Object> argument = new HashMap<>();
      argument.put("rows", batch.size());
      argument.put("first", first);
      argument.put("skip", columns.skip());
      Map<String, @Nullable Object[]> values = new HashMap<>();
      for (int c = 0; c < columns.read().size(); c++) {
        @Nullable Object[] column = new Object[batch.size()];
        for (int i = 0; i < column.length; i++) {
          column[i] = JdkValues.of(batch.get(i).get(c));
        }
        values.put(columns.read().get(c), column);
      }
      argument.put("columns", values);
      if (columns.fault()) {
        argument.put("faults", faults(batch));
      }
      try {
        return scorer.apply(argument);
      } catch (RuntimeException e) {
        throw JobException.of(e, place);
      }
    }

    private @Nullable String[] faults(List<Row> batch) {
      int at = columns.selected().size() - 1;
      @Nullable String[] faults = new String[batch.size()];
      for (int i = 0; i < faults.length; i++) {
        String line = batch.get(i).getString(at);
        if (line != null) {
          faults[i] =
              "another number of values than the header, or broken quotes (%s)"
                  .formatted(line.length() > SHOWN ? line.substring(0, SHOWN) + "..." : line);
        }
      }
      return faults;
    }

    private Row row(Row source, float[] scores, @Nullable String problem) {
      int size = kept.length + scores.length;
      @Nullable Object[] values = new Object[columns.skip() ? size + 1 : size];
      for (int k = 0; k < kept.length; k++) {
        values[k] = source.get(kept[k]);
      }
      for (int s = 0; s < scores.length; s++) {
        values[kept.length + s] = problem == null ? scores[s] : null;
      }
      if (columns.skip()) {
        values[size] = problem;
      }
      return RowFactory.create(values);
    }

    /** Tells a row from others: its number counts within the partition. */
    private String keptOf(Row row) {
      List<String> texts = new ArrayList<>();
      for (int k = 0; k < kept.length; k++) {
        texts.add(columns.keep().get(k) + "=" + row.get(kept[k]));
      }
      return texts.isEmpty() ? "" : " (" + String.join(", ", texts) + ")";
    }
  }
}

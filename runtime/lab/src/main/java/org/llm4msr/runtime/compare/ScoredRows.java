package org.llm4msr.runtime.compare;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.evaluation.SliceEvaluator;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.files.FileErrors;

/**
 * A run's predictions of one label for a part: user, scenario, label and probability, 13 bytes per
 * row. All rows of the part have a place, and {@link #pick} leaves out those whose label is not
 * known.
 */
final class ScoredRows {

  private final int[] user;
  private final int[] scenario;
  private final boolean[] positive;
  private final float[] probability;
  private final BitSet unknown;

  private ScoredRows(
      int[] user, int[] scenario, boolean[] positive, float[] probability, BitSet unknown) {
    this.user = user;
    this.scenario = scenario;
    this.positive = positive;
    this.probability = probability;
    this.unknown = unknown;
  }

  /** Reads what {@link org.llm4msr.runtime.evaluation.PredictionWriter} wrote. */
  static ScoredRows read(Path file, MeasuredLabel label) {
    ScoredRows[] rows = {ofSize(0)};
    int[] size = {0};
    forEachBatch(
        file,
        root -> {
          int end = size[0] + root.getRowCount();
          if (end > rows[0].size()) {
            rows[0] = rows[0].resized(Math.max(end, rows[0].size() * 2));
          }
          rows[0].fill(root, size[0], label);
          size[0] = end;
        });
    return rows[0].resized(size[0]);
  }

  /** Returns the metrics of slices of the rows of a file. */
  static List<SlicedMetrics> slices(
      Path file, List<Slicing> slicings, MeasuredLabel measured, MetricList metrics) {
    try (SliceEvaluator evaluator = new SliceEvaluator(slicings, metrics)) {
      forEachBatch(file, root -> add(root, evaluator, measured));
      return evaluator.result();
    }
  }

  /** Returns the metrics of the rows of a file, which has scenarios by rank. */
  static EvaluationResult result(
      Path file, List<String> scenarios, MeasuredLabel measured, MetricList metrics) {
    try (Evaluator evaluator = new Evaluator(scenarios, metrics)) {
      forEachBatch(
          file,
          root -> {
            ScoredRows all = ofSize(root.getRowCount());
            all.fill(root, 0, measured);
            ScoredRows rows = all.pick(IntStream.range(0, all.size()).toArray());
            evaluator.add(rows.size(), rows.scenario, rows.user, rows.labels(), rows.probability);
          });
      return evaluator.result();
    }
  }

  private static void add(VectorSchemaRoot root, SliceEvaluator evaluator, MeasuredLabel measured) {
    BigIntVector numbers = (BigIntVector) root.getVector("row");
    ScoredRows all = ofSize(root.getRowCount());
    all.fill(root, 0, measured);
    int[] known = all.known(IntStream.range(0, all.size()));
    ScoredRows rows = all.pick(known);
    long[] number = new long[known.length];
    Arrays.setAll(number, i -> numbers.get(known[i]));
    evaluator.add(known.length, number, rows.user, rows.labels(), rows.probability);
  }

  private float[] labels() {
    float[] labels = new float[size()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = positive[i] ? 1 : 0;
    }
    return labels;
  }

  private static void forEachBatch(Path file, Consumer<VectorSchemaRoot> visitor) {
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      for (ArrowBlock block : reader.getRecordBlocks()) {
        reader.loadRecordBatch(block);
        visitor.accept(reader.getVectorSchemaRoot());
      }
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.DATA,
          "compare/PREDICTIONS",
          "%s cannot be read: %s. Delete the folder of that run, and compare again."
              .formatted(file, FileErrors.reason(e)),
          e);
    }
  }

  private static ScoredRows ofSize(int size) {
    return new ScoredRows(
        new int[size], new int[size], new boolean[size], new float[size], new BitSet());
  }

  private ScoredRows resized(int size) {
    return new ScoredRows(
        Arrays.copyOf(user, size),
        Arrays.copyOf(scenario, size),
        Arrays.copyOf(positive, size),
        Arrays.copyOf(probability, size),
        unknown);
  }

  private void fill(VectorSchemaRoot root, int at, MeasuredLabel label) {
    IntVector users = (IntVector) root.getVector("user");
    IntVector scenarios = (IntVector) root.getVector("scenario");
    TinyIntVector labels = (TinyIntVector) root.getVector(label.column("label"));
    Float4Vector probabilities = (Float4Vector) root.getVector(label.column("probability"));
    for (int i = 0; i < root.getRowCount(); i++) {
      user[at + i] = users.get(i);
      scenario[at + i] = scenarios.get(i);
      boolean known = !labels.isNull(i);
      unknown.set(at + i, !known);
      positive[at + i] = known && labels.get(i) == 1;
      probability[at + i] = probabilities.get(i);
    }
  }

  int size() {
    return scenario.length;
  }

  /** Returns the index of each row's user. */
  int[] user() {
    return user;
  }

  /** Returns whether each row's label is 1. */
  boolean[] positive() {
    return positive;
  }

  /** Returns each row's probability of label 1. */
  float[] probability() {
    return probability;
  }

  /** Returns whether another run predicted the same rows. */
  boolean sameRows(ScoredRows other) {
    return Arrays.equals(user, other.user)
        && Arrays.equals(scenario, other.scenario)
        && Arrays.equals(positive, other.positive)
        && unknown.equals(other.unknown);
  }

  /** Returns the numbers of the rows of one scenario. */
  int[] of(int rank) {
    return IntStream.range(0, size()).filter(i -> scenario[i] == rank).toArray();
  }

  private int[] known(IntStream rows) {
    return rows.filter(row -> !unknown.get(row)).toArray();
  }

  /** Returns those of some rows whose label is known. */
  ScoredRows pick(int[] all) {
    int[] rows = known(Arrays.stream(all));
    ScoredRows selected = ofSize(rows.length);
    for (int i = 0; i < rows.length; i++) {
      selected.user[i] = user[rows[i]];
      selected.scenario[i] = scenario[rows[i]];
      selected.positive[i] = positive[rows[i]];
      selected.probability[i] = probability[rows[i]];
    }
    return selected;
  }
}

package org.llm4msr.runtime.compare;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;

/** A run's predictions for a part: user, scenario, label and probability, 13 bytes per row. */
final class ScoredRows {

  private final int[] user;
  private final int[] scenario;
  private final boolean[] positive;
  private final float[] probability;

  private ScoredRows(int[] user, int[] scenario, boolean[] positive, float[] probability) {
    this.user = user;
    this.scenario = scenario;
    this.positive = positive;
    this.probability = probability;
  }

  /** Reads what {@link org.llm4msr.runtime.evaluation.PredictionWriter} wrote. */
  static ScoredRows read(Path file) {
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      ScoredRows rows = ofSize(0);
      int size = 0;
      for (ArrowBlock block : reader.getRecordBlocks()) {
        reader.loadRecordBatch(block);
        int count = root.getRowCount();
        if (size + count > rows.size()) {
          rows = rows.resized(Math.max(size + count, rows.size() * 2));
        }
        rows.fill(root, size, count);
        size += count;
      }
      return rows.resized(size);
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
    return new ScoredRows(new int[size], new int[size], new boolean[size], new float[size]);
  }

  private ScoredRows resized(int size) {
    return new ScoredRows(
        Arrays.copyOf(user, size),
        Arrays.copyOf(scenario, size),
        Arrays.copyOf(positive, size),
        Arrays.copyOf(probability, size));
  }

  private void fill(VectorSchemaRoot root, int at, int count) {
    IntVector users = (IntVector) root.getVector("user");
    IntVector scenarios = (IntVector) root.getVector("scenario");
    TinyIntVector labels = (TinyIntVector) root.getVector("label");
    Float4Vector probabilities = (Float4Vector) root.getVector("probability");
    for (int i = 0; i < count; i++) {
      user[at + i] = users.get(i);
      scenario[at + i] = scenarios.get(i);
      positive[at + i] = labels.get(i) == 1;
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
        && Arrays.equals(positive, other.positive);
  }

  /** Returns the rows of one scenario. */
  ScoredRows of(int rank) {
    IntPredicate own = i -> scenario[i] == rank;
    int[] rows = IntStream.range(0, size()).filter(own).toArray();
    ScoredRows selected = ofSize(rows.length);
    for (int i = 0; i < rows.length; i++) {
      selected.user[i] = user[rows[i]];
      selected.scenario[i] = rank;
      selected.positive[i] = positive[rows[i]];
      selected.probability[i] = probability[rows[i]];
    }
    return selected;
  }
}

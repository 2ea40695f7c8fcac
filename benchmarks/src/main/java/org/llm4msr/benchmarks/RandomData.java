package org.llm4msr.benchmarks;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.hipparchus.random.RandomDataGenerator;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/**
 * Rows with uniformly drawn ids, generated on reading. Scenario s is drawn with a probability that
 * falls as 1 / (s + 1) (Zipf's law).
 *
 * @param fields F
 * @param rowsPerField vocabulary size of each
 * @param users users, drawn uniformly
 * @param scenarios S
 * @param furtherLabels names of further labels, which all rows know
 */
record RandomData(
    int fields, int rowsPerField, int users, int scenarios, List<String> furtherLabels)
    implements PreparedData {

  private static final long ROWS = 1_000_000;

  /** Makes rows of one label. */
  RandomData(int fields, int rowsPerField, int users, int scenarios) {
    this(fields, rowsPerField, users, scenarios, List.of());
  }

  @Override
  public DatasetManifest manifest() {
    List<PreparedField> described = new ArrayList<>();
    for (int f = 0; f < fields; f++) {
      described.add(
          new PreparedField(
              "field" + f, FieldRole.ITEM, new FieldKind.Categorical(), rowsPerField, 0, 0));
    }
    SplitCounts rows = new SplitCounts(ROWS, 0, 0);
    List<PreparedScenario> all =
        IntStream.range(0, scenarios)
            .mapToObj(s -> new PreparedScenario("s" + s, "s" + s, "", rows))
            .toList();
    return new DatasetManifest(
        DatasetManifest.FORMAT_VERSION,
        "random",
        "random",
        described,
        all,
        users,
        users,
        1,
        "given",
        rows,
        false,
        0,
        1,
        true,
        "drawn",
        List.of(),
        Map.of(),
        null,
        Map.of(),
        furtherLabels);
  }

  @Override
  public BatchSource training(TrainingOrder order) {
    return new Source(order.batchSize(), order.seed());
  }

  @Override
  public BatchSource sequential(Split split, int batchSize) {
    return new Source(batchSize, split.key().hashCode());
  }

  @Override
  public BatchSource byUser(Split split, int batchSize) {
    throw new UnsupportedOperationException("random rows have no history");
  }

  @Override
  public List<String> userKeys() {
    return IntStream.range(0, users).mapToObj(Integer::toString).toList();
  }

  @Override
  public BitSet trainingUsers() {
    BitSet all = new BitSet();
    all.set(0, users);
    return all;
  }

  @Override
  public List<String> itemKeys() {
    return List.of("0");
  }

  @Override
  public BitSet trainingItems() {
    return BitSet.valueOf(new long[] {1});
  }

  @Override
  public float[] valueRows(PreparedField field) {
    throw new UnsupportedOperationException("random rows are not counted");
  }

  @Override
  public LoggedRows loggedRows(Set<Split> parts, String label) {
    throw new UnsupportedOperationException("random rows have no history");
  }

  @Override
  public TrainingLog trainingLog() {
    throw new UnsupportedOperationException("random rows have no history");
  }

  @Override
  public void close() {}

  /** Returns batches of the training part, for repeated use. */
  List<Batch> batches(int count) {
    List<Batch> batches = new ArrayList<>();
    try (BatchSource source = training(new TrainingOrder(Setup.BATCH, 1, 7, 0, 0))) {
      for (int i = 0; i < count; i++) {
        Batch batch = source.newBatch();
        source.next(batch);
        batches.add(batch);
      }
    }
    return batches;
  }

  private final class Source implements BatchSource {

    private final int batchSize;
    private final RandomDataGenerator random;

    Source(int batchSize, long seed) {
      this.batchSize = batchSize;
      random = new RandomDataGenerator(seed);
    }

    @Override
    public Batch newBatch() {
      List<FieldValues> values = new ArrayList<>();
      for (int f = 0; f < fields; f++) {
        values.add(new Ids(new int[batchSize]));
      }
      Batch batch = new Batch(batchSize, values);
      batch.labels = furtherLabels.isEmpty() ? null : new float[furtherLabels.size()][batchSize];
      return batch;
    }

    @Override
    public boolean next(Batch batch) {
      batch.size = batchSize;
      for (int i = 0; i < batchSize; i++) {
        batch.scenario[i] = random.nextZipf(scenarios, 1) - 1;
        batch.user[i] = random.nextInt(users);
        batch.time[i] = Long.MAX_VALUE;
        batch.label[i] = random.nextInt(2);
        for (int label = 0; batch.labels != null && label < batch.labels.length; label++) {
          batch.labels[label][i] = random.nextInt(2);
        }
        for (FieldValues field : batch.fields) {
          ((Ids) field).ids()[i] = random.nextInt(rowsPerField);
        }
      }
      return true;
    }

    @Override
    public void close() {}
  }
}

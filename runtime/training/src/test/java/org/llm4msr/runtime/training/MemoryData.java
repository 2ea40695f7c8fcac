package org.llm4msr.runtime.training;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.batch.FieldValues.Numbers;
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

/** Prepared data in memory: a user likes the items of his parity, and noise. */
final class MemoryData implements PreparedData {

  static final int USERS = 40;
  static final int ITEMS = 30;

  /** A row; the number field and the tags carry no signal. */
  @SuppressWarnings("ArrayRecordComponent")
  record Row(
      int scenario,
      int user,
      int item,
      float number,
      int[] tags,
      float label,
      float weight,
      long time) {

    /** Makes a row without a weight and a time. */
    Row(int scenario, int user, int item, float number, int[] tags, float label) {
      this(scenario, user, item, number, tags, label, 1, Long.MIN_VALUE);
    }

    Row weighing(float other) {
      return new Row(scenario, user, item, number, tags, label, other, time);
    }

    Row at(long other) {
      return new Row(scenario, user, item, number, tags, label, weight, other);
    }
  }

  private final List<Row> training;
  private final List<Row> validation;
  private final List<Row> test;
  private final int scenarios;
  private List<String> labels = List.of();
  private Function<Row, float[]> labelsOf = row -> new float[0];

  private MemoryData(List<Row> training, List<Row> validation, List<Row> test, int scenarios) {
    this.training = training;
    this.validation = validation;
    this.test = test;
    this.scenarios = scenarios;
  }

  /** Draws rows whose label is right with the given probability. */
  static MemoryData of(int trainingRows, int validationRows, double certainty) {
    Random random = new Random(11);
    List<Row> train = rows(trainingRows, certainty, random);
    List<Row> rest = rows(validationRows, certainty, random);
    return new MemoryData(train, rest, rest, 3);
  }

  /** Returns the same data with other training rows. */
  MemoryData training(UnaryOperator<List<Row>> change) {
    return new MemoryData(change.apply(training), validation, test, scenarios);
  }

  /**
   * Returns the same rows with further labels.
   *
   * @param of the labels of a row in the order of their names; NaN for one that is not known
   */
  MemoryData labelled(List<String> names, Function<Row, float[]> of) {
    MemoryData data = new MemoryData(training, validation, test, scenarios);
    data.labels = names;
    data.labelsOf = of;
    return data;
  }

  static MemoryData of(List<Row> training) {
    return new MemoryData(training, List.of(), List.of(), 3);
  }

  private static List<Row> rows(int count, double certainty, Random random) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int user = random.nextInt(USERS);
      int item = random.nextInt(ITEMS);
      boolean likes = (user + item) % 2 == 0;
      boolean right = random.nextDouble() < certainty;
      int[] tags = random.ints(random.nextInt(3), 0, 5).toArray();
      rows.add(
          new Row(
              random.nextInt(10) < 6 ? 0 : 1 + random.nextInt(2),
              user,
              item,
              (float) random.nextGaussian(),
              tags,
              likes == right ? 1 : 0));
    }
    return rows;
  }

  @Override
  public DatasetManifest manifest() {
    List<PreparedScenario> described =
        IntStream.range(0, scenarios)
            .mapToObj(s -> new PreparedScenario("s" + s, "scenario " + s, "", count(s)))
            .toList();
    List<PreparedField> fields =
        List.of(
            new PreparedField("user", FieldRole.USER, new FieldKind.Categorical(), USERS, 0, 0),
            new PreparedField("item", FieldRole.ITEM, new FieldKind.Categorical(), ITEMS, 0, 0),
            new PreparedField("tags", FieldRole.ITEM, new FieldKind.MultiCategorical(), 5, 0, 0),
            new PreparedField("number", FieldRole.CONTEXT, new FieldKind.Numeric(), 0, 0, 1));
    return new DatasetManifest(
        DatasetManifest.FORMAT_VERSION,
        "memory",
        "key",
        fields,
        described,
        USERS,
        USERS - 4,
        ITEMS,
        "given",
        new SplitCounts(training.size(), validation.size(), test.size()),
        training.stream().anyMatch(row -> row.time() != Long.MIN_VALUE),
        0,
        1,
        true,
        "given",
        List.of(),
        Map.of(),
        null,
        Map.of(),
        labels);
  }

  private SplitCounts count(int scenario) {
    return new SplitCounts(
        training.stream().filter(row -> row.scenario() == scenario).count(),
        validation.stream().filter(row -> row.scenario() == scenario).count(),
        test.stream().filter(row -> row.scenario() == scenario).count());
  }

  @Override
  public BatchSource training(TrainingOrder order) {
    List<Row> shuffled = new ArrayList<>(training);
    Collections.shuffle(shuffled, new Random(order.seed() * 31 + order.epoch()));
    int skipped = (int) order.skipBatches() * order.batchSize();
    return rows(shuffled.subList(skipped, shuffled.size()), order.batchSize());
  }

  @Override
  public BatchSource sequential(Split split, int batchSize) {
    return rows(
        switch (split) {
          case TRAIN -> training;
          case VALIDATION -> validation;
          case TEST -> test;
        },
        batchSize);
  }

  private Rows rows(List<Row> some, int batchSize) {
    return new Rows(some, batchSize, labels.size(), labelsOf);
  }

  @Override
  public BatchSource byUser(Split split, int batchSize) {
    throw new UnsupportedOperationException("no model here reads histories");
  }

  @Override
  public List<String> userKeys() {
    return IntStream.range(0, USERS).mapToObj(u -> "u" + u).toList();
  }

  @Override
  public BitSet trainingUsers() {
    BitSet users = new BitSet();
    users.set(0, USERS - 4);
    return users;
  }

  @Override
  public List<String> itemKeys() {
    return IntStream.range(0, ITEMS).mapToObj(i -> "i" + i).toList();
  }

  @Override
  public BitSet trainingItems() {
    BitSet items = new BitSet();
    training.forEach(row -> items.set(row.item()));
    return items;
  }

  @Override
  public float[] valueRows(PreparedField field) {
    float[] rows = new float[field.vocabularySize()];
    for (Row row : training) {
      rows[field.name().equals("user") ? row.user() : row.item()]++;
    }
    rows[0] = 0;
    return rows;
  }

  @Override
  public LoggedRows loggedRows(Set<Split> parts, String label) {
    throw new UnsupportedOperationException("not needed");
  }

  @Override
  public TrainingLog trainingLog() {
    throw new UnsupportedOperationException("not needed");
  }

  @Override
  public void close() {}

  private static final class Rows implements BatchSource {

    private final List<Row> rows;
    private final int batchSize;
    private final int labels;
    private final Function<Row, float[]> labelsOf;
    private int next;

    Rows(List<Row> rows, int batchSize, int labels, Function<Row, float[]> labelsOf) {
      this.labels = labels;
      this.labelsOf = labelsOf;
      this.rows = rows;
      this.batchSize = batchSize;
    }

    @Override
    public Batch newBatch() {
      IdLists tags = new IdLists(batchSize);
      Batch batch =
          new Batch(
              batchSize,
              List.of(
                  new Ids(new int[batchSize]),
                  new Ids(new int[batchSize]),
                  tags,
                  new Numbers(new float[batchSize])));
      if (rows.stream().anyMatch(row -> row.weight() != 1)) {
        batch.weight = new float[batchSize];
      }
      batch.labels = labels == 0 ? null : new float[labels][batchSize];
      return batch;
    }

    @Override
    public boolean next(Batch batch) {
      batch.size = Math.min(batchSize, rows.size() - next);
      for (int i = 0; i < batch.size; i++) {
        Row row = rows.get(next);
        batch.scenario[i] = row.scenario();
        batch.user[i] = row.user();
        batch.item[i] = row.item();
        batch.label[i] = row.label();
        batch.time[i] = row.time();
        if (batch.weight != null) {
          batch.weight[i] = row.weight();
        }
        for (int l = 0; batch.labels != null && l < labels; l++) {
          batch.labels[l][i] = labelsOf.apply(row)[l];
        }
        batch.row[i] = next++;
        ((Ids) batch.fields.get(0)).ids()[i] = row.user();
        ((Ids) batch.fields.get(1)).ids()[i] = row.item();
        IdLists tags = (IdLists) batch.fields.get(2);
        tags.offsets[i + 1] = tags.offsets[i] + row.tags().length;
        System.arraycopy(row.tags(), 0, tags.ids, tags.offsets[i], row.tags().length);
        ((Numbers) batch.fields.get(3)).values()[i] = row.number();
      }
      return batch.size > 0;
    }

    @Override
    public void close() {}
  }
}

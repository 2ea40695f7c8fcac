package org.llm4msr.runtime.data.rows;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.GivenPast;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.Split;

/** The encoding of rows with certain columns. Thread-safe; a batch belongs to one thread. */
public final class RowBinding {

  private static final String FRACTION = ".0";

  private final RowEncoder encoder;
  private final List<FieldInput> inputs;
  private final Set<String> brought;
  private final @Nullable GivenHistory givenHistory;

  RowBinding(RowEncoder encoder, List<FieldInput> inputs, Set<String> brought) {
    this.encoder = encoder;
    this.inputs = inputs;
    this.brought = brought;
    givenHistory =
        encoder.events == null
            ? null
            : new GivenHistory(
                encoder.items::find, key -> encoder.ranks.getOrDefault(key, -1), encoder.events);
  }

  /** Makes a batch of at most {@code capacity} rows. */
  public Batch newBatch(int capacity) {
    Batch batch =
        Batch.of(capacity, encoder.manifest.fields().stream().map(PreparedField::kind).toList());
    batch.userVectors = has(Level.USER) ? new float[capacity][] : null;
    batch.itemVectors = has(Level.ITEM) ? new float[capacity][] : null;
    batch.givenItemVector = has(Level.ITEM) ? new boolean[capacity] : null;
    batch.pasts = encoder.events == null ? null : new GivenPast[capacity];
    batch.part = Split.TEST.number();
    return batch;
  }

  private boolean has(Level level) {
    return encoder.vectors != null && encoder.vectors.dimension(level) > 0;
  }

  /**
   * Encodes some rows.
   *
   * @param from the first of them
   * @param count how many
   * @param number number of the first, for error texts and {@link Batch#row}
   * @throws RowException for the first that cannot be read
   */
  public void encode(RawRows rows, int from, int count, long number, Batch batch) {
    batch.scenarioVectors = scenarioVectors();
    batch.size = count;
    for (int i = 0; i < count; i++) {
      encodeRow(rows, from + i, number + i, batch, i);
    }
  }

  /**
   * Encodes those of some rows that can be read, one after the other.
   *
   * @param places gets, for each row of the batch, its place among the given ones, from 0
   * @param malformed gets why the others cannot be read, in their order
   */
  public void encodeReadable(
      RawRows rows,
      int from,
      int count,
      long number,
      Batch batch,
      int[] places,
      Consumer<? super RowException> malformed) {
    batch.scenarioVectors = scenarioVectors();
    batch.size = 0;
    for (int i = 0; i < count; i++) {
      try {
        encodeRow(rows, from + i, number + i, batch, batch.size);
        places[batch.size++] = i;
      } catch (RowException e) {
        malformed.accept(e);
      }
    }
  }

  /** Encodes one row. If that fails, its place can be used for another. */
  private void encodeRow(RawRows rows, int index, long row, Batch batch, int at) {
    String fault = rows.fault(index);
    if (fault != null) {
      throw new RowException(
          "BAD_ROW", row, "Row %d has %s. Fix it, or leave it out.".formatted(row, fault));
    }
    batch.scenario[at] = rank(value(rows, RawSchema.SCENARIO, index, row), row);
    encodeUser(rows, index, row, batch, at);
    encodeItem(rows, index, row, batch, at);
    encodePast(rows, index, row, batch, at);
    for (int f = 0; f < inputs.size(); f++) {
      encodeField(f, rows, index, row, batch, at);
    }
  }

  List<FieldInput> inputs() {
    return inputs;
  }

  /** Returns the columns of lists that have weights, by those of the weights. */
  Map<String, String> listsByWeights() {
    Map<String, String> lists = new HashMap<>();
    for (FieldInput input : inputs) {
      String weights = input.weightsColumn();
      if (weights != null) {
        lists.put(weights, input.column());
      }
    }
    return lists;
  }

  /** Encodes one row of an item that is not known, without its fields. */
  void encodeShared(RawRows rows, Batch batch) {
    batch.scenarioVectors = scenarioVectors();
    batch.size = 1;
    batch.scenario[0] = rank(value(rows, RawSchema.SCENARIO, 0, 0), 0);
    encodeUser(rows, 0, 0, batch, 0);
    batch.item[0] = encoder.items.keys().size();
    encodePast(rows, 0, 0, batch, 0);
  }

  private float @Nullable [] @Nullable [] scenarioVectors() {
    RowVectors vectors = encoder.vectors;
    return vectors == null ? null : vectors.ofScenarios(encoder.manifest.scenarioKeys());
  }

  private void encodeUser(RawRows rows, int index, long row, Batch batch, int at) {
    String key = key(RawSchema.USER, rows, index, row);
    batch.user[at] = find(encoder.users, RawSchema.USER, key, row);
    if (batch.userVectors != null && encoder.vectors != null) {
      boolean known = batch.user[at] < encoder.users.keys().size();
      batch.userVectors[at] = encoder.vectors.of(Level.USER, key, known, null);
    }
  }

  private static @Nullable String key(String column, RawRows rows, int index, long row) {
    return new RawValue(column, row).text(value(rows, column, index, row));
  }

  /** Returns the index of an item; -1 if it reads a vector other than the one that is stored. */
  int findStored(RawRows rows, int index, long row) {
    String key = key(RawSchema.ITEM, rows, index, row);
    int found = find(encoder.items, RawSchema.ITEM, key, row);
    RowVectors vectors = encoder.vectors;
    return vectors != null && vectors.of(Level.ITEM, key, true, null) != null ? -1 : found;
  }

  /** Encodes the item of a row, and the vector that counts in place of its stored one. */
  void encodeItem(RawRows rows, int index, long row, Batch batch, int at) {
    String key = key(RawSchema.ITEM, rows, index, row);
    batch.row[at] = row;
    batch.item[at] = find(encoder.items, RawSchema.ITEM, key, row);
    if (batch.itemVectors != null && batch.givenItemVector != null && encoder.vectors != null) {
      float[] given = givenVector(rows, index, row, encoder.vectors.dimension(Level.ITEM));
      boolean known = batch.item[at] < encoder.items.keys().size();
      batch.itemVectors[at] = encoder.vectors.of(Level.ITEM, key, known, given);
      batch.givenItemVector[at] = given != null;
    }
  }

  /** Encodes the time of a row and what it brings of its user's past. */
  void encodePast(RawRows rows, int index, long row, Batch batch, int at) {
    batch.time[at] =
        encoder.events == null ? Long.MAX_VALUE : time(encoder.events, rows, index, row);
    if (batch.pasts != null) {
      batch.pasts[at] =
          givenHistory != null && brings(rows, GivenHistory.COLUMN, index)
              ? givenHistory.read(rows.get(GivenHistory.COLUMN, index), row, batch.time[at])
              : null;
    }
  }

  /** Encodes a field of a row whose user and item are known. */
  void encodeField(int field, RawRows rows, int index, long row, Batch batch, int at) {
    FieldInput input = inputs.get(field);
    FieldValues target = batch.fields.get(field);
    if (input.cross() != null) {
      input.encode(input.cross(), batch, target, at);
      return;
    }
    String column = input.columnOf(rows, index);
    Object weights = null;
    String ofWeights = input.weightsColumn();
    if (ofWeights != null && rows.has(ofWeights, index)) {
      if (!rows.has(input.column(), index)) {
        throw withoutList(ofWeights, input.column(), row);
      }
      weights = rows.get(ofWeights, index);
    }
    if (column == null) {
      input.copy(batch.user[at], batch.item[at], target, at);
      return;
    }
    RawValue value = new RawValue(column, row);
    input.encode(value, value(rows, column, index, row), weights, target, at);
  }

  static RowException withoutList(String weights, String list, long row) {
    return new RowException(
        "BAD_VALUE",
        row,
        "Row %d has '%s' without '%s'. Give it both, or the list alone."
            .formatted(row, weights, list));
  }

  private boolean brings(RawRows rows, String column, int index) {
    return brought.contains(column) && rows.has(column, index);
  }

  /**
   * Everything is before a row that leaves its time out, nothing before one without a time, as in
   * prepared data.
   */
  private long time(ModelEvents events, RawRows rows, int index, long row) {
    if (!brings(rows, RawSchema.TIME, index)) {
      return Long.MAX_VALUE;
    }
    return time(events, rows.get(RawSchema.TIME, index), row);
  }

  private static long time(ModelEvents events, @Nullable Object value, long row) {
    double given = new RawValue(RawSchema.TIME, row).number(value);
    if (Double.isNaN(given)) {
      return Long.MIN_VALUE;
    }
    long time = (long) given;
    events.requireMillis(time, RawSchema.TIME, row);
    return time;
  }

  /** Throws if a value is no time of the log. */
  void requireTime(@Nullable Object value) {
    if (encoder.events != null) {
      long unused = time(encoder.events, value, 0);
    }
  }

  /** Throws if a value is no past that a row may bring. */
  void requirePast(@Nullable Object value) {
    if (givenHistory != null) {
      GivenPast unused = givenHistory.read(value, 0, Long.MAX_VALUE);
    }
  }

  /** Returns the vector that a row brings of its item; null if it brings none. */
  private float @Nullable [] givenVector(RawRows rows, int index, long row, int dimension) {
    return brings(rows, RowVectors.COLUMN, index)
        ? new RawValue(RowVectors.COLUMN, row).vector(rows.get(RowVectors.COLUMN, index), dimension)
        : null;
  }

  private static @Nullable Object value(RawRows rows, String column, int index, long row) {
    if (!rows.has(column, index)) {
      throw new RowException(
          "MISSING_COLUMN",
          row,
          "Row %d has no %s, which the model needs. Others have it; give it a value, or null."
              .formatted(row, column));
    }
    return rows.get(column, index);
  }

  private int rank(@Nullable Object value, long row) {
    String key = new RawValue(RawSchema.SCENARIO, row).text(value);
    Integer rank = key == null ? null : encoder.ranks.get(key);
    if (rank == null) {
      throw new RowException(
          "UNKNOWN_SCENARIO",
          row,
          "Column 'scenario' has %s in row %d; the model knows %s. Leave such rows out, or train a model with this scenario."
              .formatted(
                  key == null ? "no value" : "'" + DataErrors.shown(key) + "'",
                  row,
                  encoder.manifest.scenarioKeys()));
    }
    return rank;
  }

  /** Returns an index; that after the last for one that is not known. */
  private static int find(Entities entities, String column, @Nullable String key, long row) {
    int found = key == null ? -1 : entities.find(key);
    if (found >= 0) {
      return found;
    }
    if (key != null) {
      requireUnknown(entities, column, key, row);
    }
    return entities.keys().size();
  }

  private static void requireUnknown(Entities entities, String column, String key, long row) {
    boolean isReal = key.endsWith(FRACTION);
    String other = isReal ? key.substring(0, key.length() - FRACTION.length()) : key + FRACTION;
    if (entities.find(other) >= 0) {
      throw FieldInput.madeReal(column, key, row, other);
    }
  }
}

package org.llm4msr.runtime.batch;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.model.Level;

/** Rows of prepared data, by column, in arrays that the next batch reuses. */
public final class Batch {

  /** Rows in use, B. */
  public int size;

  /** Rank of each row's scenario. */
  public final int[] scenario;

  /** Index of each row's user, into {@code users.arrow}. */
  public final int[] user;

  /** Index of each row's item, into {@code items.arrow}; the index after the last if unknown. */
  public final int[] item;

  /** Time of each row in milliseconds since 1970; the largest number where all events are past. */
  public final long[] time;

  /** Number of each row's group, such as an impression; 0 for none. */
  public final int[] group;

  /** The part that all rows are of, 0 for training. */
  public int part;

  /** What rows brought of their users' pasts; null where none did. */
  public GivenPast @Nullable [] pasts;

  /**
   * Knowledge (K) that counts in place of what is stored of scenarios, by rank; null where none
   * does.
   */
  public float @Nullable [] @Nullable [] scenarioVectors;

  /** Knowledge (K) that counts in place of what is stored of a row's user; null where none does. */
  public float @Nullable [] @Nullable [] userVectors;

  /** Knowledge (K) that counts in place of what is stored of a row's item; null where none does. */
  public float @Nullable [] @Nullable [] itemVectors;

  /** Whether the row itself brought its item's knowledge; null where no row can. */
  public boolean @Nullable [] givenItemVector;

  /** 0 or 1. */
  public final float[] label;

  /** How much each row counts in the loss; null where all count 1. */
  public float @Nullable [] weight;

  /**
   * Further labels, in the order of the manifest, by row: 0, 1, or NaN where one is not known; null
   * where there are none.
   */
  public float @Nullable [][] labels;

  /** Each row's number in its split. */
  public final long[] row;

  /** The fields, in the order of the manifest. */
  public final List<FieldValues> fields;

  /** Of which larger batch the rows are; null where they are all. */
  public @Nullable BatchShare share;

  /** Makes a batch of at most {@code capacity} rows of fields of these kinds. */
  public static Batch of(int capacity, List<FieldKind> kinds) {
    return new Batch(capacity, kinds.stream().map(kind -> values(kind, capacity)).toList());
  }

  /** Makes an empty batch for as many rows of the same fields and part. */
  public static Batch like(Batch other) {
    int capacity = other.scenario.length;
    Batch batch =
        new Batch(capacity, other.fields.stream().map(field -> field.like(capacity)).toList());
    batch.part = other.part;
    batch.weight = other.weight == null ? null : new float[capacity];
    batch.labels = other.labels == null ? null : new float[other.labels.length][capacity];
    return batch;
  }

  private static FieldValues values(FieldKind kind, int capacity) {
    if (kind instanceof FieldKind.Vector vector) {
      return FieldValues.Vectors.of(vector.size(), capacity);
    }
    return switch (FieldForm.of(kind)) {
      case ID -> new FieldValues.Ids(new int[capacity]);
      case IDS -> new FieldValues.IdLists(capacity);
      default -> new FieldValues.Numbers(new float[capacity]);
    };
  }

  /** Makes a batch of at most {@code capacity} rows. */
  public Batch(int capacity, List<FieldValues> fields) {
    scenario = new int[capacity];
    user = new int[capacity];
    item = new int[capacity];
    time = new long[capacity];
    group = new int[capacity];
    label = new float[capacity];
    row = new long[capacity];
    this.fields = List.copyOf(fields);
  }

  /**
   * Takes all of a row of another batch but its fields.
   *
   * @param from of the same fields
   * @param row of the other batch
   * @param at the row that takes it
   */
  public void takeRow(Batch from, int row, int at) {
    scenario[at] = from.scenario[row];
    user[at] = from.user[row];
    item[at] = from.item[row];
    time[at] = from.time[row];
    group[at] = from.group[row];
    label[at] = from.label[row];
    this.row[at] = from.row[row];
    if (weight != null) {
      weight[at] = from.weight == null ? 1 : from.weight[row];
    }
    takeLabels(from, row, at);
    if (pasts != null) {
      pasts[at] = from.pasts == null ? null : from.pasts[row];
    }
    if (userVectors != null) {
      userVectors[at] = from.userVectors == null ? null : from.userVectors[row];
    }
    if (itemVectors != null) {
      itemVectors[at] = from.itemVectors == null ? null : from.itemVectors[row];
    }
    if (givenItemVector != null) {
      givenItemVector[at] = from.givenItemVector != null && from.givenItemVector[row];
    }
  }

  /** Returns the knowledge (K) that counts in place of what is stored; null where none does. */
  public float @Nullable [] vector(Level level, int row) {
    return switch (level) {
      case USER -> userVectors == null ? null : userVectors[row];
      case SCENARIO -> scenarioVectors == null ? null : scenarioVectors[scenario[row]];
      case ITEM -> itemVectors == null ? null : itemVectors[row];
    };
  }

  /** Returns whether {@link #vector} is there and the row did not bring it. */
  public boolean isReplaced(Level level, int row) {
    boolean given = level == Level.ITEM && givenItemVector != null && givenItemVector[row];
    return vector(level, row) != null && !given;
  }

  /** Takes the further labels of a row of another batch; those that it lacks are not known. */
  public void takeLabels(Batch from, int row, int at) {
    for (int label = 0; labels != null && label < labels.length; label++) {
      labels[label][at] = from.labels == null ? Float.NaN : from.labels[label][row];
    }
  }
}

package org.llm4msr.runtime.data.rows;

import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.SplitColumns;

/**
 * A column that rows to be scored have or may have.
 *
 * @param name its name
 * @param kind {@code id}, {@code categorical}, {@code multi-categorical}, {@code weights} of a
 *     list's elements, {@code numeric}, {@code vector(SIZE)}, {@code time} or {@code history}
 * @param required whether it must be there
 * @param without what rows read that leave it out: a sentence without a stop; empty where they must
 *     have it
 */
public record ScoringColumn(String name, String kind, boolean required, String without) {

  private static final String TIME = "time";
  private static final String HISTORY = "history";
  private static final String ID = "id";
  private static final String WEIGHTS = "weights";
  private static final String VECTOR = "vector(";
  private static final String STORED = "the value stored with the user or item counts";

  /** Makes a column for which the value that is stored with the user or item can stand. */
  public ScoringColumn(String name, String kind, boolean required) {
    this(name, kind, required, required ? "" : STORED);
  }

  static ScoringColumn id(String name) {
    return new ScoringColumn(name, ID, true);
  }

  static ScoringColumn of(PreparedField field, boolean required) {
    String kind = FieldKinds.name(FieldKinds.brought(field.kind()));
    return new ScoringColumn(field.name(), kind, required);
  }

  /** Returns the column of the weights of a field's lists. */
  static ScoringColumn weights(PreparedField field) {
    return new ScoringColumn(
        SplitColumns.weightsOf(field.name()), WEIGHTS, false, "all elements weigh 1");
  }

  /** Returns the column of the items' own vectors of so many numbers. */
  static ScoringColumn itemVector(int size) {
    return new ScoringColumn(
        RowVectors.COLUMN,
        FieldKinds.name(new FieldKind.Vector(size)),
        false,
        "the vector stored for the item counts; for an item without one, what"
            + " knowledge.items.missing says");
  }

  /** Returns the column of the times of rows, which end what is read of the past. */
  static ScoringColumn time() {
    return new ScoringColumn(
        RawSchema.TIME,
        TIME,
        false,
        "each row counts as of now; one of the past also reads events that came after it");
  }

  /** Returns the column of the users' pasts. */
  static ScoringColumn history() {
    return new ScoringColumn(
        GivenHistory.COLUMN, HISTORY, false, "each row reads the bundle's events of its user");
  }

  /** Returns whether it holds times. */
  public boolean isTime() {
    return kind.equals(TIME);
  }

  /** Returns whether it holds lists of events. */
  public boolean isHistory() {
    return kind.equals(HISTORY);
  }

  /** Returns whether it holds the items' own vectors, and no field. */
  public boolean isItemVector() {
    return isVector() && name.equals(RowVectors.COLUMN);
  }

  /** Returns whether it holds users, items or scenarios. */
  public boolean isId() {
    return kind.equals(ID);
  }

  /** Returns whether it holds lists. */
  public boolean isList() {
    return kind.equals(FieldKinds.name(new FieldKind.MultiCategorical()));
  }

  /** Returns whether it holds lists of weights. */
  public boolean isWeights() {
    return kind.equals(WEIGHTS);
  }

  /** Returns whether it holds numbers, of which a time is one. */
  public boolean isNumber() {
    return isTime() || kind.equals(FieldKinds.name(new FieldKind.Numeric()));
  }

  /** Returns whether it holds vectors. */
  public boolean isVector() {
    return kind.startsWith(VECTOR);
  }

  /** Returns how many numbers its vectors have. */
  public int vectorSize() {
    return Integer.parseInt(kind.substring(VECTOR.length(), kind.length() - 1));
  }
}

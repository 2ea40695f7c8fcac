package org.llm4msr.serving.ranker;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;

/**
 * The items of a request with their probabilities of label 1, and of further labels. The model that
 * ranks fills it on one thread; then it does not change.
 */
public final class RankResult {

  private final float[] probabilities;
  private final List<String> labels;
  private final float[][] further;
  private final ItemStatus[] statuses;
  private final Map<Integer, MsrException> errors = new HashMap<>();
  private boolean userKnown;
  private boolean updated;

  RankResult(int items) {
    this(items, List.of());
  }

  /**
   * Makes a result with room for some items, none of which has a status.
   *
   * @param labels names of further labels
   */
  public RankResult(int items, List<String> labels) {
    this.labels = labels;
    further = new float[labels.size()][items];
    probabilities = new float[items];
    statuses = new ItemStatus[items];
    Arrays.fill(probabilities, Float.NaN);
    for (float[] label : further) {
      Arrays.fill(label, Float.NaN);
    }
  }

  /** Notes whether the model knows the user. */
  public void user(boolean known) {
    userKnown = known;
  }

  /** Notes whether a vector was read that makes {@link #hasUpdatedKnowledge} true. */
  public void updated(boolean read) {
    updated |= read;
  }

  /** Takes the probability of an item by its place. */
  public void scored(int item, float probability, boolean known) {
    probabilities[item] = probability;
    statuses[item] = known ? ItemStatus.SCORED : ItemStatus.UNKNOWN;
  }

  /**
   * Takes the probabilities of further labels.
   *
   * @param values by label, then by row
   */
  public void labelled(int item, float[][] values, int row) {
    for (int label = 0; label < further.length; label++) {
      further[label][item] = values[label][row];
    }
  }

  /** Takes the reason why an item is not scored. */
  public void malformed(int item, MsrException error) {
    statuses[item] = ItemStatus.MALFORMED;
    errors.put(item, error);
  }

  /** Returns whether the model knows the user. */
  public boolean isUserKnown() {
    return userKnown;
  }

  /**
   * Returns whether vectors were read that neither the bundle has nor the request brought, so that
   * the bundle alone would give other probabilities.
   */
  public boolean hasUpdatedKnowledge() {
    return updated;
  }

  /** Returns how many items the request had. */
  public int size() {
    return probabilities.length;
  }

  /** Returns the probability of an item by its place in the request; NaN if it was not scored. */
  public float probability(int item) {
    return probabilities[item];
  }

  /** Returns the names of the further labels: those of {@link RankingModel#labels}. */
  public List<String> labels() {
    return labels;
  }

  /**
   * Returns the probability of a further label of an item; NaN if it was not scored.
   *
   * @param label its place in {@link #labels}
   */
  public float probability(int label, int item) {
    return further[label][item];
  }

  /** Returns what became of an item. */
  public ItemStatus status(int item) {
    return statuses[item];
  }

  /** Returns why an item was not scored; null if it was. */
  public @Nullable MsrException error(int item) {
    return errors.get(item);
  }

  /** Returns how many items have a status. */
  public int count(ItemStatus status) {
    int count = 0;
    for (ItemStatus each : statuses) {
      count += each == status ? 1 : 0;
    }
    return count;
  }

  /**
   * Returns the places of the items with the highest probabilities, the highest first; of equal
   * ones the first. Items that were not scored are left out.
   *
   * @param most how many at most
   */
  public int[] best(int most) {
    long[] keys = new long[size()];
    int scored = 0;
    for (int item = 0; item < keys.length; item++) {
      if (statuses[item] != ItemStatus.MALFORMED) {
        // Probabilities are not negative, so their bits have their order.
        long falling = ~(long) Float.floatToIntBits(probabilities[item]);
        keys[scored++] = falling << Integer.SIZE | item;
      }
    }
    Arrays.sort(keys, 0, scored);
    int[] best = new int[Math.max(0, Math.min(most, scored))];
    Arrays.setAll(best, place -> (int) keys[place]);
    return best;
  }
}

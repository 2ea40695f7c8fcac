package org.llm4msr.runtime.knowledge.history;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.knowledge.past.PastEvents;

/** Computes the numbers of {@link HistoryLayout} for events of one label. For one thread. */
final class Similarities {

  private final UnitVectors vectors;
  private final HistoryLayout layout;
  private final int[] offsets;
  private final float unit;
  private final float share; // Of one event in a bin, in units of its mean.
  private final float[] cosines;
  private final int[] counts;

  @SuppressWarnings("UnusedVariable") // Without it the compiler would leave out what fetches.
  private float fetched;

  Similarities(UnitVectors vectors, HistoryLayout layout) {
    this.vectors = vectors;
    this.layout = layout;
    unit = (float) Math.sqrt(vectors.dimension());
    share = (float) layout.bins() / layout.length();
    offsets = new int[UnitVectors.padded(layout.length() + 1)]; // One for the row's item.
    cosines = new float[offsets.length];
    counts = new int[layout.bins()];
  }

  /**
   * Writes the numbers of one row, {@link HistoryLayout#widthOfLabel} of them; zeros if its item
   * has no vector. Events whose item has none are skipped.
   *
   * @param item of the row
   * @param given the vector that came with the row, of length 1, in place of the item's; or null
   * @param scenario of the row
   */
  void write(
      int item, float @Nullable [] given, int scenario, PastEvents events, float[] target, int at) {
    if (given == null && !vectors.has(item)) {
      Arrays.fill(target, at, at + layout.widthOfLabel(), 0f);
      return;
    }
    int own = 0; // Those of the first group are before it,
    int other = layout.length(); // and those of the second from here.
    for (int event = 0; event < events.size(); event++) {
      int met = events.item(event);
      if (vectors.has(met)) {
        boolean first = isFirst(scenario, events, event);
        // Without a branch, which no processor could predict.
        offsets[own] = vectors.offset(met);
        offsets[other - 1] = vectors.offset(met);
        own += first ? 1 : 0;
        other -= first ? 0 : 1;
      }
    }
    int others = layout.length() - other;
    System.arraycopy(offsets, other, offsets, own, others);
    multiply(item, given, own + others);
    writeGroups(own, others, target, at);
  }

  /**
   * Writes the numbers of one row whose cosines are there.
   *
   * @param row among those that were multiplied
   */
  void write(
      int item,
      UserProducts products,
      int row,
      int scenario,
      PastEvents events,
      float[] target,
      int at) {
    if (!vectors.has(item)) {
      Arrays.fill(target, at, at + layout.widthOfLabel(), 0f);
      return;
    }
    int own = 0;
    int other = layout.length();
    for (int event = 0; event < events.size(); event++) {
      int met = events.event(event);
      if (products.has(met)) {
        boolean first = isFirst(scenario, events, event);
        float cosine = products.cosine(row, met);
        cosines[own] = cosine;
        cosines[other - 1] = cosine;
        own += first ? 1 : 0;
        other -= first ? 0 : 1;
      }
    }
    int others = layout.length() - other;
    System.arraycopy(cosines, other, cosines, own, others);
    writeGroups(own, others, target, at);
  }

  private boolean isFirst(int scenario, PastEvents events, int event) {
    return !layout.byScenario() || events.scenario(event) == scenario;
  }

  private void multiply(int item, float @Nullable [] given, int count) {
    if (given == null) {
      int own = vectors.offset(item);
      offsets[count] = own;
      fetched += vectors.fetch(offsets, count + 1);
      vectors.products(vectors.values(), own, offsets, count, cosines);
    } else {
      fetched += vectors.fetch(offsets, count);
      vectors.products(given, 0, offsets, count, cosines);
    }
  }

  private void writeGroups(int own, int others, float[] target, int at) {
    summarise(0, own, target, at);
    if (layout.byScenario()) {
      summarise(own, own + others, target, at + layout.widthOfGroup());
    }
  }

  /** Writes the numbers of one group. */
  private void summarise(int from, int to, float[] target, int at) {
    if (from == to) {
      Arrays.fill(target, at, at + layout.widthOfGroup(), 0f);
      return;
    }
    Arrays.fill(counts, 0);
    float half = counts.length / 2f;
    int last = counts.length - 1;
    float sum = 0;
    int first = Integer.MIN_VALUE;
    int second = first;
    int third = first;
    for (int i = from; i < to; i++) {
      float cosine = cosines[i];
      sum += cosine;
      counts[Math.min((int) ((cosine + 1) * half), last)]++;
      int rank = ordered(Float.floatToRawIntBits(cosine));
      third = Math.max(third, Math.min(second, rank));
      second = Math.max(second, Math.min(first, rank));
      first = Math.max(first, rank);
    }
    int count = to - from;
    target[at + HistoryLayout.ANY] = 1;
    target[at + HistoryLayout.MEAN] = unit * sum / count;
    target[at + HistoryLayout.TOP3] =
        unit * (count < 3 ? sum / count : (value(first) + value(second) + value(third)) / 3);
    target[at + HistoryLayout.MAX] = unit * value(first);
    for (int bin = 0; bin < counts.length; bin++) {
      target[at + HistoryLayout.BINS + bin] = counts[bin] * share;
    }
  }

  /** Turns a float's bits into a number of the same order, which needs no branch, and back. */
  private static int ordered(int bits) {
    return bits ^ ((bits >> 31) >>> 1);
  }

  private static float value(int rank) {
    return Float.intBitsToFloat(ordered(rank));
  }
}

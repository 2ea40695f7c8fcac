package org.llm4msr.runtime.knowledge.history;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Computes the numbers of {@link HistoryLayout} for events of one label. For one thread. */
final class Similarities {

  private final UnitVectors vectors;
  private final HistoryLayout layout;
  private final int[] offsets;
  private final float unit;
  private final float[] cosines;
  private final int[] counts;

  Similarities(UnitVectors vectors, HistoryLayout layout) {
    this.vectors = vectors;
    this.layout = layout;
    unit = (float) Math.sqrt(vectors.dimension());
    offsets = new int[UnitVectors.padded(layout.length())];
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
        boolean first = !layout.byScenario() || events.scenario(event) == scenario;
        // Without a branch, which no processor could predict.
        offsets[own] = vectors.offset(met);
        offsets[other - 1] = vectors.offset(met);
        own += first ? 1 : 0;
        other -= first ? 0 : 1;
      }
    }
    int others = layout.length() - other;
    System.arraycopy(offsets, other, offsets, own, others);
    if (given == null) {
      vectors.products(vectors.values(), vectors.offset(item), offsets, own + others, cosines);
    } else {
      vectors.products(given, 0, offsets, own + others, cosines);
    }
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
    float first = -1;
    float second = -1;
    float third = -1;
    for (int i = from; i < to; i++) {
      float cosine = cosines[i];
      sum += cosine;
      counts[Math.min((int) ((cosine + 1) * half), last)]++;
      if (cosine > third) {
        third = Math.min(cosine, second);
        second = Math.max(second, Math.min(cosine, first));
        first = Math.max(first, cosine);
      }
    }
    int count = to - from;
    target[at + HistoryLayout.ANY] = 1;
    target[at + HistoryLayout.MEAN] = unit * sum / count;
    target[at + HistoryLayout.TOP3] =
        unit * (count < 3 ? sum / count : (first + second + third) / 3);
    target[at + HistoryLayout.MAX] = unit * first;
    for (int bin = 0; bin < counts.length; bin++) {
      target[at + HistoryLayout.BINS + bin] = (float) counts[bin] * counts.length / layout.length();
    }
  }
}

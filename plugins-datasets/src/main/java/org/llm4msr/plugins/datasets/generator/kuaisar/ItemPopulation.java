package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.util.SplittableRandom;
import org.llm4msr.plugins.datasets.generator.log.Topics;

/** The items: each has one topic and a quality; within a topic, some are shown more often. */
final class ItemPopulation {

  private static final double QUALITY_SPREAD = 0.4;
  private static final double POPULARITY_EFFECT = 0.5;

  /** The exponent of a uniform number: half of the draws fall on the first eighth of the ranks. */
  private static final double POPULARITY_SKEW = 3;

  private final byte[] topic;
  private final float[] quality;
  private final int[][] byRank;

  ItemPopulation(int count, Topics topics, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    topic = new byte[count];
    quality = new float[count];
    int[] sizes = new int[topics.size()];
    for (int item = 0; item < count; item++) {
      // Every topic gets one item; the others are drawn at random.
      topic[item] = (byte) (item < topics.size() ? item : random.nextInt(topics.size()));
      sizes[topic[item]]++;
    }
    byRank = new int[topics.size()][];
    for (int t = 0; t < byRank.length; t++) {
      byRank[t] = new int[sizes[t]];
    }
    int[] filled = new int[topics.size()];
    for (int item = 0; item < count; item++) {
      int t = topic[item];
      double popularity = 0.5 - (double) filled[t] / sizes[t];
      quality[item] =
          (float) (QUALITY_SPREAD * random.nextGaussian() + POPULARITY_EFFECT * popularity);
      byRank[t][filled[t]++] = item;
    }
  }

  /** Returns how many items there are. */
  int size() {
    return topic.length;
  }

  /** Returns the topic of an item. */
  int topic(int item) {
    return topic[item];
  }

  /** Returns how good the item is for anybody, in logits. */
  double quality(int item) {
    return quality[item];
  }

  /** Draws an item on a topic, popular ones more often. */
  int draw(int topic, SplittableRandom random) {
    int[] ranked = byRank[topic];
    return ranked[(int) (ranked.length * Math.pow(random.nextDouble(), POPULARITY_SKEW))];
  }
}

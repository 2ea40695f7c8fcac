package org.llm4msr.plugins.datasets.generator.log;

import java.util.SplittableRandom;

/** Texts of items: their words reveal an item's place on the circle of {@link CircleModel}. */
public final class ItemTexts {

  private static final int TOPICS = 30;

  private final Topics topics = Topics.load(TOPICS);
  private final CircleModel model;
  private final long seed;

  public ItemTexts(CircleModel model, long seed) {
    this.model = model;
    this.seed = seed;
  }

  /** Returns the topic of an item. */
  public Topics.Topic topic(int item) {
    return topics.get(topicId(item));
  }

  /** Returns the number of the topic of an item, from 0. */
  public int topicId(int item) {
    return model.sectorOfItem(item, TOPICS);
  }

  /** Returns three words and the number of the item. */
  public String title(int item) {
    StringBuilder title = new StringBuilder();
    for (int word : topics.text(topicId(item), 3, new SplittableRandom(seed + item))) {
      title.append(topics.word(word)).append(' ');
    }
    return title.append(item).toString();
  }
}

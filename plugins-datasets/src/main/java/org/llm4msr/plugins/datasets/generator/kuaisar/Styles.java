package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.llm4msr.plugins.datasets.generator.log.Topics;

/**
 * The styles of items, such as funny or calming. Nothing but the words of an item's caption shows
 * its style. Each user likes two of them, dislikes two others, and does not care for the rest.
 */
final class Styles {

  private static final int LIKED = 2;

  /** How many words of a caption show the style. */
  private static final int WORDS = 3;

  private final List<String> words;
  private final int first;
  private final int size;
  private final long seed;

  /**
   * Makes the styles.
   *
   * @param firstWord the id of the first word
   */
  Styles(int firstWord, long seed) {
    List<List<String>> styles = Topics.vocabularies("styles.txt");
    size = styles.get(0).size();
    words = styles.stream().flatMap(List::stream).toList();
    first = firstWord;
    this.seed = seed;
  }

  /** Returns all words; the ids of consecutive ones are consecutive. */
  List<String> words() {
    return words;
  }

  private int count() {
    return words.size() / size;
  }

  /** Returns the style of an item. */
  private int of(int item) {
    return new SplittableRandom(seed + item).nextInt(count());
  }

  /** Returns the ids of the words that show the style of an item. */
  int[] text(int item) {
    SplittableRandom random = new SplittableRandom(seed + item);
    int style = random.nextInt(count());
    int[] text = new int[WORDS];
    for (int i = 0; i < text.length; i++) {
      text[i] = first + style * size + random.nextInt(size);
    }
    return text;
  }

  /** Returns how much a user likes the style of an item: one half, minus one half, or 0. */
  double liking(int user, int item) {
    SplittableRandom random = new SplittableRandom(~seed + user);
    List<Integer> rest = IntStream.range(0, count()).boxed().collect(Collectors.toList());
    int style = of(item);
    for (int i = 0; i < 2 * LIKED; i++) {
      if (rest.remove(random.nextInt(rest.size())) == style) {
        return i < LIKED ? 0.5 : -0.5;
      }
    }
    return 0;
  }
}

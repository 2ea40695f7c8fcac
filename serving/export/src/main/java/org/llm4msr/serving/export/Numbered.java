package org.llm4msr.serving.export;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Texts with their numbers, read from a list one by one as they are written. */
final class Numbered extends AbstractMap<String, Integer> {

  private final List<String> texts;
  private final int first;

  /**
   * Numbers texts.
   *
   * @param texts each once
   * @param first number of the first
   */
  Numbered(List<String> texts, int first) {
    this.texts = texts;
    this.first = first;
  }

  @Override
  public Set<Map.Entry<String, Integer>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public Iterator<Map.Entry<String, Integer>> iterator() {
        return IntStream.range(0, texts.size())
            .mapToObj(i -> Map.entry(texts.get(i), first + i))
            .iterator();
      }

      @Override
      public int size() {
        return texts.size();
      }
    };
  }
}

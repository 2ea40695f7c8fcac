package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.model.Grouping;

/**
 * Rows that are each a group of their own, as those of a request are by item.
 *
 * @param rows B, and G
 */
record OwnGroups(int rows) implements Grouping {

  @Override
  public int groups() {
    return rows;
  }

  @Override
  public List<Segment> segments() {
    return IntStream.range(0, rows).mapToObj(row -> new Segment(row, row, row + 1)).toList();
  }

  @Override
  public NDArray order(NDArray x) {
    return x;
  }

  @Override
  public NDArray restore(NDArray ordered) {
    return ordered;
  }

  @Override
  public NDArray rowValues(NDArray perGroup) {
    return perGroup;
  }

  @Override
  public Grouping repeated(int k) {
    throw Refusal.of("repeats rows of items.", "Repeat what rowValues() gives.");
  }

  @Override
  public List<Part> parts(int maxGroups) {
    return List.of(new Part(this, 0, rows, 0));
  }
}

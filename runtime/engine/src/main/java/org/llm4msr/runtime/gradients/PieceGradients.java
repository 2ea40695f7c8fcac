package org.llm4msr.runtime.gradients;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The gradients that the engine computes for consecutive pieces, each of which is an array of its
 * own: those of slices of the whole array would be copied into one.
 */
public final class PieceGradients implements ParameterGradient, AutoCloseable {

  private final List<Integer> starts;
  private final NDList pieces;

  /**
   * Cuts an array.
   *
   * @param starts of the pieces along the first axis, from 0
   * @param length of that axis
   * @param cut makes the array between two places
   */
  public PieceGradients(
      List<Integer> starts, int length, BiFunction<Integer, Integer, NDArray> cut) {
    this.starts = starts;
    pieces = new NDList(starts.size());
    for (int i = 0; i < starts.size(); i++) {
      pieces.add(cut.apply(starts.get(i), i + 1 < starts.size() ? starts.get(i + 1) : length));
    }
  }

  public boolean isCutAt(List<Integer> positions) {
    return starts.equals(positions);
  }

  public NDList pieces() {
    return pieces;
  }

  @Override
  public boolean isUsed() {
    return true;
  }

  @Override
  public NDList arrays() {
    return new NDList(pieces.stream().map(NDArray::getGradient).toList());
  }

  @Override
  public void close() {
    pieces.close();
  }
}

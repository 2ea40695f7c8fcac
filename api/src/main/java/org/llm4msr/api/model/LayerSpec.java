package org.llm4msr.api.model;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.Stability;

/**
 * The layers whose weights a meta network generates: the input width, then the widths of the
 * layers, of which the last is the output width.
 *
 * @param inputWidth columns of x
 * @param widths number of outputs of each layer; at least one layer
 * @param hidden activation after every layer but the last
 * @param output activation after the last
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record LayerSpec(
    int inputWidth, List<Integer> widths, Activation hidden, Activation output) {

  public LayerSpec {
    widths = List.copyOf(widths);
    if (widths.isEmpty()) {
      throw new IllegalArgumentException("widths are empty");
    }
    requireNonNull(hidden, "hidden is null");
    requireNonNull(output, "output is null");
  }

  /** One generated layer: {@code activation(W x + b)}, where W is {@code out} by {@code in}. */
  public record Layer(int in, int out, Activation activation) {}

  /** Returns the layers one by one. */
  public List<Layer> layers() {
    List<Layer> layers = new ArrayList<>();
    int in = inputWidth;
    for (int i = 0; i < widths.size(); i++) {
      boolean last = i == widths.size() - 1;
      layers.add(new Layer(in, widths.get(i), last ? output : hidden));
      in = widths.get(i);
    }
    return List.copyOf(layers);
  }

  /** Returns the number of columns of the result. */
  public int outputWidth() {
    return widths.get(widths.size() - 1);
  }
}

package org.llm4msr.tck.harness;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.LayerSpec;

/** The configuration of generated layers; a head adds the widths of input and output. */
public record LayersBetween(List<Integer> widths, Activation hidden, Activation output) {

  /** A few layers that let a gradient through for every row. */
  public static final LayersBetween USUAL =
      new LayersBetween(List.of(3), Activation.LEAKY_RELU, Activation.NONE);

  public static LayersBetween of(List<Integer> widths) {
    return new LayersBetween(widths, Activation.RELU, Activation.NONE);
  }

  LayerSpec spec(int inputWidth, int outputWidth) {
    List<Integer> all = new ArrayList<>(widths);
    all.add(outputWidth);
    return new LayerSpec(inputWidth, all, hidden, output);
  }
}

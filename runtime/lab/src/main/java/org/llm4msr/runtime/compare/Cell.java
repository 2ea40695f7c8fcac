package org.llm4msr.runtime.compare;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One model of the grid, to be trained with every seed.
 *
 * @param experiment the file
 * @param labels its value on each axis; empty for no control
 * @param group labels on the axes along which models are not compared: each group is one block of
 *     the table
 * @param baseline whether the other models of its group are compared with it
 * @param controlled labels of the model in whose place it stands; null if it is no control
 * @param overrides settings in addition to those of the file
 */
record Cell(
    Path experiment,
    List<String> labels,
    List<String> group,
    boolean baseline,
    @Nullable List<String> controlled,
    List<String> overrides) {

  Cell {
    labels = List.copyOf(labels);
    group = List.copyOf(group);
    overrides = List.copyOf(overrides);
  }

  @Override
  public String toString() {
    return name(labels);
  }

  /** Returns the name of a model. */
  static String name(List<String> labels) {
    return labels.stream().filter(label -> !label.isEmpty()).collect(Collectors.joining(" + "));
  }
}

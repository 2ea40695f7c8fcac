package org.llm4msr.runtime.evaluation;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The metrics of the slices of one way to divide rows.
 *
 * @param name the name that settings have for it
 * @param title a heading
 * @param slices by slice, including those without rows
 */
public record SlicedMetrics(String name, String title, List<Metrics> slices) {

  public SlicedMetrics {
    requireNonNull(name, "name is null");
    requireNonNull(title, "title is null");
    slices = List.copyOf(slices);
  }
}

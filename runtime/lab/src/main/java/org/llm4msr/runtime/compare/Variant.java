package org.llm4msr.runtime.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The settings of a model that change the prepared data or knowledge of its experiment. */
final class Variant {

  private final List<String> names = new ArrayList<>();
  private final List<String> overrides = new ArrayList<>();

  /** Adds a value. */
  void add(String title, String label, String override) {
    names.add(title + "-" + label);
    overrides.add(override);
  }

  /**
   * Returns the override that gives the model a workspace of its own; nothing if it needs none.
   *
   * @param base returns the workspace of the experiment
   */
  Optional<String> workspace(Supplier<String> base) {
    if (names.isEmpty()) {
      return Optional.empty();
    }
    String name = Grid.slug(String.join("-", names));
    String checksum = Grid.checksum(String.join("\n", overrides));
    return Optional.of("workspace=%s/variants/%s-%s".formatted(base.get(), name, checksum));
  }
}

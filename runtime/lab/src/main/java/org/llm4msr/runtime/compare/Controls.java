package org.llm4msr.runtime.compare;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeControl;
import org.llm4msr.runtime.config.KnowledgeControl.Kind;

/**
 * What the models of a grid read: a gain over a model that reads nothing is knowledge and capacity
 * together, and what a control gains is capacity.
 */
final class Controls {

  /** What a model reads. */
  enum Reading {
    NOTHING,
    KNOWLEDGE,
    CONTROL
  }

  private final Map<Cell, Reading> readings = new HashMap<>();
  private final Set<Kind> kinds = new TreeSet<>();

  void put(Cell cell, Reading reading) {
    readings.put(cell, reading);
  }

  /** Notes what a model that reads knowledge reads in its place. */
  void put(Cell cell, KnowledgeControl control) {
    put(cell, control.isOff() ? Reading.KNOWLEDGE : Reading.CONTROL);
    for (Level level : Level.values()) {
      kinds.add(control.of(level));
    }
    kinds.remove(Kind.OFF);
  }

  /** Returns the kinds of controls that models read. */
  List<Kind> kinds() {
    return List.copyOf(kinds);
  }

  /** Returns the names of models that read knowledge, of groups without a control. */
  List<String> uncontrolled(Grid grid) {
    List<String> names = new ArrayList<>();
    for (Cell cell : grid.cells()) {
      if (is(cell, Reading.KNOWLEDGE)
          && grid.group(cell).stream().noneMatch(other -> is(other, Reading.CONTROL))) {
        names.add(cell.toString());
      }
    }
    return names;
  }

  /**
   * Returns the model whose gain a control shares; null if the cell is no control, or if the
   * differences of its group are not from a model that reads nothing.
   */
  @Nullable Cell controlled(Grid grid, Cell control) {
    List<Cell> group = grid.group(control);
    boolean plain = group.stream().anyMatch(cell -> cell.baseline() && is(cell, Reading.NOTHING));
    return plain && is(control, Reading.CONTROL)
        ? group.stream()
            .filter(cell -> is(cell, Reading.KNOWLEDGE))
            .filter(cell -> cell.labels().equals(control.controlled()))
            .findFirst()
            .orElse(null)
        : null;
  }

  private boolean is(Cell cell, Reading reading) {
    return readings.get(cell) == reading;
  }

  /** Returns what is said of models without a control; empty if there are none. */
  static String missing(List<String> names) {
    return names.isEmpty()
        ? ""
        : "No control: what %s gained may be capacity and no knowledge, as vectors that know nothing may gain too. Add `controls: [shuffled]` to the comparison."
            .formatted(String.join(", ", names));
  }

  /** Says how to read controls; empty if there are none. */
  static String explanation(List<Kind> kinds) {
    return kinds.isEmpty()
        ? ""
        : "Controls are the same models with vectors that know nothing. The gain over a model that"
            + " reads nothing is knowledge and capacity together; what the control gains is"
            + " capacity (and the knowledge of levels that it leaves alone), and the rest is"
            + " knowledge. All controls keep the parameters, and which keys have a vector.";
  }

  /** Says what a kind keeps and destroys. */
  static String explanation(Kind kind) {
    return switch (kind) {
      case OFF -> throw new IllegalArgumentException("no control");
      case CONSTANT ->
          "constant: every key reads the mean of all vectors. It keeps no difference between keys.";
      case SHUFFLED ->
          "shuffled: each key reads the vector of another. It keeps the vectors, by which a model"
              + " can tell keys apart, and destroys what they say of their keys, and which keys are"
              + " alike.";
      case RANDOM ->
          "random: each key reads random numbers of its own. It keeps the mean and deviation of"
              + " each dimension, and that keys differ, and destroys what was read, and which keys"
              + " are alike.";
    };
  }
}

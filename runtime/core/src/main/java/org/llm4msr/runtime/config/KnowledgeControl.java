package org.llm4msr.runtime.config;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Level;

/**
 * The vectors that a model reads in place of the knowledge: what it gains with them is not due to
 * what the language model knows.
 *
 * @param all of all levels; null where each has its own
 */
public record KnowledgeControl(
    @Word @Nullable Kind all,
    @Setting(value = "Control of the users' vectors", defaultValue = "off") Kind user,
    @Setting(value = "Control of the scenarios' vectors", defaultValue = "off") Kind scenario,
    @Setting(value = "Control of the items' vectors", defaultValue = "off") Kind item) {

  /** No control. */
  public static final KnowledgeControl OFF =
      new KnowledgeControl(Kind.OFF, Kind.OFF, Kind.OFF, Kind.OFF);

  /** Returns the control of a level. */
  public Kind of(Level level) {
    if (all != null) {
      return all;
    }
    return switch (level) {
      case USER -> user;
      case SCENARIO -> scenario;
      case ITEM -> item;
    };
  }

  /** Returns whether no level has a control. */
  public boolean isOff() {
    for (Level level : Level.values()) {
      if (of(level) != Kind.OFF) {
        return false;
      }
    }
    return true;
  }

  /** What is read in place of a key's own vector. Keys without a vector stay without one. */
  public enum Kind {
    /** The vector itself. */
    OFF,
    /** The mean of all vectors. */
    CONSTANT,
    /** The vector of another key. */
    SHUFFLED,
    /** Normally distributed numbers with the mean and deviation of each dimension. */
    RANDOM
  }
}

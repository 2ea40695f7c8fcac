package org.llm4msr.runtime.knowledge.extraction;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.Without;

/** Counts what becomes of the keys of all levels, and remembers the first of each kind. */
final class Tally {

  private final Map<Level, Map<Outcome, Keys>> levels = new EnumMap<>(Level.class);

  private static final class Keys {
    private final List<String> first = new ArrayList<>();
    private long count;

    void add(String key) {
      count++;
      if (first.size() < Counts.NAMED) {
        first.add(key);
      }
    }
  }

  Tally() {
    for (Level level : Level.values()) {
      Map<Outcome, Keys> outcomes = new EnumMap<>(Outcome.class);
      for (Outcome outcome : Outcome.values()) {
        outcomes.put(outcome, new Keys());
      }
      levels.put(level, outcomes);
    }
  }

  void add(Level level, Outcome outcome, String key) {
    keys(level, outcome).add(key);
  }

  /** Returns how many keys of all levels were counted. */
  long all() {
    return levels.values().stream()
        .flatMap(outcomes -> outcomes.values().stream())
        .mapToLong(keys -> keys.count)
        .sum();
  }

  /** Returns how many keys of all levels the encoder did not read. */
  long skipped() {
    return all() - levels.keySet().stream().mapToLong(level -> count(level, Outcome.READ)).sum();
  }

  long count(Level level, Outcome outcome) {
    return keys(level, outcome).count;
  }

  /** Returns how many keys of a level were counted. */
  long count(Level level) {
    return outcomes(level).values().stream().mapToLong(keys -> keys.count).sum();
  }

  Without without(Level level) {
    return new Without(
        count(level, Outcome.BELOW_THRESHOLD),
        count(level, Outcome.LIMITED),
        count(level, Outcome.EMPTY),
        count(level, Outcome.WITHOUT_HISTORY),
        count(level, Outcome.REFUSED));
  }

  Counts counts(Level level) {
    return new Counts(
        count(level, Outcome.READ),
        count(level, Outcome.STORED),
        without(level),
        keys(level, Outcome.EMPTY).first,
        keys(level, Outcome.WITHOUT_HISTORY).first,
        keys(level, Outcome.REFUSED).first);
  }

  private Keys keys(Level level, Outcome outcome) {
    Keys keys = outcomes(level).get(outcome);
    if (keys == null) {
      throw new IllegalStateException("no outcome " + outcome);
    }
    return keys;
  }

  private Map<Outcome, Keys> outcomes(Level level) {
    Map<Outcome, Keys> outcomes = levels.get(level);
    if (outcomes == null) {
      throw new IllegalStateException("no level " + level);
    }
    return outcomes;
  }
}

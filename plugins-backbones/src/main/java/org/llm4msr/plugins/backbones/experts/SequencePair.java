package org.llm4msr.plugins.backbones.experts;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.SequenceShape;

/**
 * A sequence of items, and that of the scenarios of the same events.
 *
 * @param items its number among the sequences of the run
 * @param scenarios likewise; -1 without
 */
record SequencePair(int items, int scenarios) {

  private static final int NONE = -1;

  /**
   * Pairs the sequences of a run; those of scenarios are no pairs of their own.
   *
   * @param named the sequence of scenarios by that of items
   * @throws MsrException {@code sar-net/EVENT_SCENARIOS} for a name that the run does not have, and
   *     sequences of different lengths
   */
  static List<SequencePair> of(List<SequenceShape> shapes, Map<String, String> named) {
    List<String> names = shapes.stream().map(SequenceShape::name).toList();
    named.forEach(
        (items, scenarios) -> {
          if (!names.contains(items) || !names.contains(scenarios)) {
            throw wrong(items, scenarios, "but model.sequences has " + names, "Name two of them");
          }
          if (named.containsKey(scenarios)) {
            throw wrong(
                items,
                scenarios,
                "but '%s' is also named as one of items".formatted(scenarios),
                "Name a sequence of scenarios");
          }
          int length = shapes.get(names.indexOf(items)).length();
          int other = shapes.get(names.indexOf(scenarios)).length();
          if (length != other) {
            throw wrong(
                items,
                scenarios,
                "whose lengths are %d and %d".formatted(length, other),
                "Give both the same settings, but for the table");
          }
        });
    List<SequencePair> pairs = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      if (!named.containsValue(names.get(i))) {
        pairs.add(
            new SequencePair(
                i, names.indexOf(Objects.requireNonNullElse(named.get(names.get(i)), ""))));
      }
    }
    return pairs;
  }

  private static MsrException wrong(String items, String scenarios, String what, String remedy) {
    return new MsrException(
        ErrorType.USER,
        "sar-net/EVENT_SCENARIOS",
        "model.backbone.eventScenarios pairs '%s' with '%s', %s. %s."
            .formatted(items, scenarios, what, remedy));
  }

  /** Returns what is of the scenarios; null without. */
  <T> @Nullable T scenarios(List<T> all) {
    return scenarios == NONE ? null : all.get(scenarios);
  }
}

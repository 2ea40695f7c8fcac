package org.llm4msr.runtime.config.loading;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A configuration before it is bound: untyped YAML, every part with its origin. */
sealed interface ConfigNode {

  Origin origin();

  /** Text as written; {@code empty} for a key without a value, {@code null} and {@code ~}. */
  record Scalar(String text, boolean empty, Origin origin) implements ConfigNode {}

  /** A list. */
  record Sequence(List<ConfigNode> items, Origin origin) implements ConfigNode {
    public Sequence {
      items = List.copyOf(items);
    }
  }

  /** Keys in the order in which they were written. */
  record Mapping(Map<String, Entry> entries, Origin origin) implements ConfigNode {
    public Mapping {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }
  }

  /** The value of a key, and the origin of the key. */
  record Entry(Origin key, ConfigNode value, boolean isExpanded) {

    /** Makes an entry that was written, rather than made by {@link ConfigNode#expanded}. */
    Entry(Origin key, ConfigNode value) {
      this(key, value, false);
    }
  }

  /** Returns this as keys if it is a text: {@code mmoe} is short for {@code {name: mmoe}}. */
  default ConfigNode expanded() {
    return this instanceof Scalar scalar && !scalar.empty()
        ? new Mapping(Map.of(RecordBinder.NAME, new Entry(origin(), scalar, true)), origin())
        : this;
  }

  /** Returns whether nothing was written. */
  default boolean isEmpty() {
    return this instanceof Scalar scalar && scalar.empty();
  }

  /** Returns the value as it would be quoted in an error. */
  default String quoted() {
    if (this instanceof Scalar scalar) {
      return scalar.empty() ? "(nothing)" : scalar.text();
    }
    if (this instanceof Sequence sequence) {
      return sequence.items().stream()
          .map(ConfigNode::quoted)
          .collect(java.util.stream.Collectors.joining(", ", "[", "]"));
    }
    return "(a mapping)";
  }
}

package org.llm4msr.processor;

import java.util.List;
import java.util.Map;

/** What the runtime reads as the value of a setting; it follows from the setting's type. */
sealed interface Form {

  /** Unknown, as a mistake is reported already. */
  record Any() implements Form {}

  /** Any text, also as a path. */
  record Text() implements Form {}

  /** True or false. */
  record Truth() implements Form {}

  /** A whole number within bounds. */
  record Whole(long min, long max) implements Form {}

  /** A finite number, of four bytes or of eight. */
  record Decimal(boolean single) implements Form {}

  /** The constant of an enum, as users write it. */
  record Word(List<String> words) implements Form {
    public Word {
      words = List.copyOf(words);
    }
  }

  /** A list or a set. */
  record Many(Form element) implements Form {}

  /** A mapping from names that users choose. */
  record Named(Form value) implements Form {}

  /** A mapping with the keys of a record. */
  record Keys(Map<String, Form> keys) implements Form {
    public Keys {
      keys = Map.copyOf(keys);
    }
  }

  /** A value that may be absent. */
  record Maybe(Form value) implements Form {}
}

package org.llm4msr.api.data;

import org.llm4msr.api.Stability;

/** What a field describes; some models (PPNet, EPNet) read the fields of one role separately. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum FieldRole {
  /** The user and what is known about the user. */
  USER,
  /** The item and what is known about it. */
  ITEM,
  /** Who made the item. */
  AUTHOR,
  /** The scenario itself. */
  SCENARIO,
  /** The situation: hour, position, device. */
  CONTEXT
}

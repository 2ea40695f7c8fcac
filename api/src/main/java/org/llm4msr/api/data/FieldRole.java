package org.llm4msr.api.data;

import org.llm4msr.api.Stability;

/** What a field tells about: some models read the fields of one role apart (PPNet, EPNet). */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public enum FieldRole {
  /** The user and what is known of them. */
  USER,
  /** The item and what is known of it. */
  ITEM,
  /** Who made the item. */
  AUTHOR,
  /** The scenario itself. */
  SCENARIO,
  /** The situation: hour, position, device. */
  CONTEXT
}

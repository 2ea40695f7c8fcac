package org.llm4msr.tck.rule;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;

/** A test of the kit: one rule that plugins keep. The table in the documentation lists it. */
@Test
@Documented
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Rule {

  /** The id, for example {@code BACKBONE-07}. Never used again for another rule. */
  String id();

  /** How binding it is. */
  RequirementLevel level() default RequirementLevel.MUST;

  /**
   * What a plugin that keeps the rule does, continuing "the plugin": {@code gives one logit per
   * row}.
   */
  String says();

  /** The usual causes of a failure. */
  String[] checkFirst();
}

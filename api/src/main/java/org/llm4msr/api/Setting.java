package org.llm4msr.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes one component of a configuration record: for error messages, {@code plugins describe},
 * the JSON Schema and the reference pages.
 */
@Documented
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
@Stability(level = Stability.Level.STABLE, since = "0.1")
public @interface Setting {

  /** What the setting does, in one sentence. */
  String value();

  /**
   * The default as written in YAML, for example {@code "[128, 64]"}. Without a default the key is
   * required, unless the component is {@code @Nullable}.
   */
  String defaultValue() default "";

  /** The value, as text, that holds for files written before there was this setting. */
  String before() default "";

  /** An older name of the key, still read with a warning. */
  String formerly() default "";

  /**
   * Whether the value must never be printed; such a setting also counts as {@link #operational}.
   */
  boolean secret() default false;

  /**
   * Whether the setting affects only how the work is done, such as its speed, memory or patience,
   * and not its result: no work needs to be repeated after a change.
   */
  boolean operational() default false;
}

package org.llm4msr.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * States how far a public type may change. Every public top-level type of the API carries one.
 *
 * <p>A plugin may rely on {@link Level#STABLE} types within one SPI version.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Stability(level = Stability.Level.STABLE, since = "0.1")
public @interface Stability {

  /** How far the type may change. */
  Level level();

  /** The release that introduced the type. */
  String since();

  /** How far a type may change. */
  enum Level {
    /** Changes only with a new SPI version. */
    STABLE,
    /** May change with any minor release, with a note in the CHANGELOG. */
    UNSTABLE,
    /** Not for plugins; may change at any time. */
    INTERNAL
  }
}

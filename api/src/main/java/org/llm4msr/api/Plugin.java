package org.llm4msr.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names a {@link PluginFactory}, and registers it: the annotation processor in this jar checks the
 * class and writes its services file. The name is an annotation and not a method, so that plugins
 * are listed, and a broken one is reported by name, without creating anything.
 *
 * <pre>{@code
 * @Plugin(name = "shared-bottom", description = "One shared MLP, one tower per scenario")
 * public final class SharedBottomFactory implements BackboneFactory<SharedBottomConfig> { ... }
 * }</pre>
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Stability(level = Stability.Level.STABLE, since = "0.1")
public @interface Plugin {

  /** The name users write in their configuration: {@code [a-z][a-z0-9-]*}, unique in its kind. */
  String name();

  /** One line for {@code plugins list}. */
  String description();

  /** Where the method was published, or empty. */
  String source() default "";
}

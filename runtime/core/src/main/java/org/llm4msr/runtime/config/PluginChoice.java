package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import java.util.Set;
import java.util.function.BiFunction;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.runtime.plugins.PluginCall;

/**
 * A plugin that the configuration names, with its bound and validated settings. The factory is
 * called with them through a {@link PluginCall}.
 *
 * @param name the plugin's name
 * @param factory the plugin
 * @param config an instance of {@code factory.configType()}
 * @param <F> the factory type of the kind
 * @param <C> the type of the settings; of plugins that only their name tells, {@link Record}
 */
public record PluginChoice<F extends PluginFactory<C>, C extends Record>(
    String name, F factory, @Valid C config) {

  /** A method of a factory that makes something of settings and a context. */
  @FunctionalInterface
  public interface Creation<F, C, X, T> {

    /** Makes it. */
    T create(F factory, C config, X context);
  }

  /**
   * Joins a plugin and its settings, for places where only the kind of the plugin is known.
   *
   * @param <F> the factory type of the plugin's kind
   * @throws ClassCastException if the settings are not of the factory's type; later, if the factory
   *     is not of the kind
   */
  @SuppressWarnings("unchecked") // The factory is given these settings alone, of its own type.
  public static <F extends PluginFactory<Record>> PluginChoice<F, Record> of(
      String name, PluginFactory<?> factory, Record config) {
    return new PluginChoice<>(name, (F) factory, factory.configType().cast(config));
  }

  /** Returns the seam for calls of what the factory makes. */
  public PluginCall calls() {
    return PluginCall.of(factory, name);
  }

  /** Makes something in a context, for example by {@code BackboneFactory::create}. */
  public <X, T> T create(Creation<F, C, X, T> creation, X context) {
    return calls().inContext(factory, "create()", () -> creation.create(factory, config, context));
  }

  /** Asks what follows from the settings, for example {@code BackboneFactory::hasHidden}. */
  public <T> T ask(BiFunction<F, C, T> question) {
    return calls()
        .inContext(factory, "a method of its factory", () -> question.apply(factory, config));
  }

  /** Returns the engine features that the plugin needs with these settings. */
  public Set<EngineFeature> engineFeatures() {
    return ask(PluginFactory::engineFeatures);
  }
}

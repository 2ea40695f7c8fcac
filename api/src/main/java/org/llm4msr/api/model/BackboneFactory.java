package org.llm4msr.api.model;

import java.util.Set;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes backbones of one architecture. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface BackboneFactory<C extends Record> extends PluginFactory<C> {

  /** Makes a backbone and its parameters. */
  Backbone create(C config, ModelContext context);

  /** Returns whether there will be a {@link BackboneOutput#hidden()}. */
  boolean hasHidden(C config);

  /** Returns the inputs that the backbone reads beyond the flat input. */
  default Set<ModelInput> inputs(C config) {
    return Set.of();
  }
}

package org.llm4msr.api.model;

import java.util.Set;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes fusion heads of one topology. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface FusionHeadFactory<C extends Record> extends PluginFactory<C> {

  /** Makes a head with its parts. */
  FusionHead create(C config, FusionContext context);

  /**
   * Returns the inputs that the head reads beyond the flat input. A configuration that cannot
   * provide them is refused before anything is created.
   */
  Set<ModelInput> requires(C config);
}

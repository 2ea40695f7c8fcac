package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/**
 * What a fusion head gets when it is created. The head asks for its parts here, so it decides what
 * the backbone sees and which layers are generated.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface FusionContext {

  /** Returns the context that makes parameters, with the layout of the data. */
  ModelContext model();

  /** Returns K, or 0 if the head asked for no knowledge. */
  int knowledgeSize();

  /**
   * Makes the configured backbone. Called exactly once; a second call is an MsrException of type
   * PLUGIN.
   *
   * @param layout of the input that the head will give it; {@code model().layout()} if the head
   *     does not change it
   */
  Backbone backbone(FeatureLayout layout);

  /**
   * Makes the meta network that is configured for a level; the widths and activations between input
   * and output come from the configuration. Called at most once per level; a second call is an
   * MsrException of type PLUGIN, as is a call by a head that names no knowledge in {@code
   * requires}.
   */
  MetaNetwork metaNetwork(Level level, int inputWidth, int outputWidth);
}

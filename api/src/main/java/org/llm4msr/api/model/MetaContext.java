package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/** What a meta network is handed at creation. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface MetaContext {

  /** Returns where parameters are made. */
  ModelContext model();

  /** Returns which knowledge it reads. */
  Level level();

  /** Returns K. */
  int knowledgeSize();

  /** Returns the layers to generate. */
  LayerSpec layers();
}

package org.llm4msr.api.model;

import org.llm4msr.api.Stability;

/** What a meta network gets when it is created. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface MetaContext {

  /** Returns the context that makes parameters. */
  ModelContext model();

  /** Returns the level of the knowledge that it reads. */
  Level level();

  /** Returns K. */
  int knowledgeSize();

  /** Returns the layers to generate. */
  LayerSpec layers();
}

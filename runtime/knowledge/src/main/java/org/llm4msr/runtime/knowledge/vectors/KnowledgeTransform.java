package org.llm4msr.runtime.knowledge.vectors;

/** Turns stored vectors into those that models read. */
interface KnowledgeTransform {

  /** Returns the size of the result. */
  int dimension();

  /** Returns the deviation of each number of the result over what was learned from. */
  float[] deviations();

  /** Transforms a vector (K), which may be changed and returned. */
  float[] apply(float[] vector);
}

package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.Stability;

/** The embedded input of one batch. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Features {

  /** Returns all fields side by side: (B, W). */
  NDArray flat();

  /** Returns the fields apart: (B, F, D). Only where {@link FeatureLayout#uniform()}. */
  NDArray fields();

  /**
   * Returns the embedding of every scenario, one table that head and backbone share: (S, Ds). A
   * model that reads it names {@link ModelInput#SCENARIO_EMBEDDING}.
   */
  NDArray scenarioTable();

  /** Returns the embedding of each row's scenario: (B, Ds). */
  NDArray scenarioEmbedding();

  /**
   * Returns the standardised knowledge of the users of the batch: (U, K). Only for a head that
   * names {@link ModelInput#USER_KNOWLEDGE}. Users without knowledge are filled in.
   */
  NDArray userKnowledge();

  /**
   * Returns the standardised knowledge of all scenarios: (S, K). Only for a head that names {@link
   * ModelInput#SCENARIO_KNOWLEDGE}.
   */
  NDArray scenarioKnowledge();

  /**
   * Returns these features with another flat input, as the backbone shall see it.
   *
   * @param flat (B, W'), laid out as the layout that the backbone was created with
   */
  Features withFlat(NDArray flat);
}

package org.llm4msr.api.model;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.llm4msr.api.Stability;

/**
 * The embedded input of one batch. Reading an input that no factory of the model names in {@code
 * inputs} or {@code requires} is an MsrException of type PLUGIN.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface Features {

  /** Returns all fields side by side: (B, W). */
  NDArray flat();

  /**
   * Returns the fields separately: (B, F, D). Only for a model that names {@link
   * ModelInput#FIELDS}, which the data must allow: {@link FeatureLayout#uniform()}.
   */
  NDArray fields();

  /**
   * Returns the embeddings of all scenarios, one table that head and backbone share: (S, Ds). Only
   * for a model that names {@link ModelInput#SCENARIO_EMBEDDING}.
   */
  NDArray scenarioTable();

  /** Returns the row of {@link #scenarioTable()} of each row's scenario: (B, Ds). */
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
   * Returns the standardised knowledge of the items of the batch: (I, K). Only for a head that
   * names {@link ModelInput#ITEM_KNOWLEDGE}. Items without knowledge are filled in.
   */
  NDArray itemKnowledge();

  /**
   * Returns how alike each row's item is to those that its user met before: (B, n) numbers without
   * a gradient, as {@code knowledge.history} says. Only for a head that names {@link
   * ModelInput#HISTORY}.
   */
  NDArray history();

  /**
   * Returns the sequences of {@code model.sequences} by name; none where the run has none. Pooled,
   * they are fields of the flat input too. Only for a model that names {@link
   * ModelInput#SEQUENCES}.
   */
  default List<Sequence> sequences() {
    return List.of();
  }

  /**
   * Returns these features with another flat input, for the backbone.
   *
   * @param flat (B, W'), in the layout that the backbone was created with
   */
  Features withFlat(NDArray flat);
}

package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Pass;

/** The groups of a batch at one level, and their knowledge. */
record LevelKnowledge(Grouping grouping, NDArray values) {

  /** Reads the knowledge (G, K) of the groups. */
  static LevelKnowledge of(Level level, Pass pass, Features features) {
    return switch (level) {
      case USER -> new LevelKnowledge(pass.users(), features.userKnowledge());
      case SCENARIO -> new LevelKnowledge(pass.scenarios(), features.scenarioKnowledge());
      case ITEM -> new LevelKnowledge(pass.items(), features.itemKnowledge());
    };
  }

  /** Returns the input that a head must declare to read it. */
  static ModelInput input(Level level) {
    return switch (level) {
      case USER -> ModelInput.USER_KNOWLEDGE;
      case SCENARIO -> ModelInput.SCENARIO_KNOWLEDGE;
      case ITEM -> ModelInput.ITEM_KNOWLEDGE;
    };
  }
}

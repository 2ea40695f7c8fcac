package org.llm4msr.serving.ranker;

import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.InputWidths;
import org.llm4msr.runtime.bundle.Bundle;

/**
 * How many numbers the vectors of a bundle's knowledge have, as the language model gave them; 0
 * where the model reads none of a level.
 */
record KnowledgeWidths(int users, int items, int scenarios) {

  static KnowledgeWidths of(Bundle bundle, InferenceModel model) {
    int stored = bundle.hasKnowledge() ? bundle.knowledge().info().encoder().dimension() : 0;
    InputWidths read = model.widths();
    return new KnowledgeWidths(
        read.users() > 0 ? stored : 0,
        read.items() > 0 || read.history() > 0 ? stored : 0,
        model.scenarioKnowledge() == null ? 0 : stored);
  }

  int of(Level level) {
    return switch (level) {
      case USER -> users;
      case ITEM -> items;
      case SCENARIO -> scenarios;
    };
  }
}

package org.llm4msr.api.knowledge;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * Writes the prompts: one per scenario and one per user. It gets training rows only, and is
 * deterministic. Safe for use by several threads.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface ScenarioPromptBuilder {

  /** Returns one prompt per scenario, in the same order; its key is the scenario's key. */
  List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios);

  /** Returns the prompt of one user; its key is the user's raw id. */
  Prompt userPrompt(UserHistory history);

  /**
   * Returns a text that changes whenever the same input would give another prompt: the templates
   * and all settings that matter. A store that was filled with another template is not used.
   */
  String template();
}

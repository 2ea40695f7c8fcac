package org.llm4msr.api.knowledge;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * Writes the prompts: one per scenario, per user and per item. It gets training rows only, and is
 * deterministic. Safe for use by several threads.
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface ScenarioPromptBuilder {

  /** Returns one prompt per scenario, in the same order; its key is the scenario's key. */
  List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios);

  /** Returns the prompt of one user; its key is the user's raw id. */
  Prompt userPrompt(UserHistory history);

  /** Returns the prompt of one item, by default its text; its key is the item's raw id. */
  default Prompt itemPrompt(ItemText item) {
    return new Prompt(item.item(), item.text(), List.of(), "", "");
  }

  /**
   * Returns a text that changes whenever the same input would give another prompt: the templates
   * and all settings that matter.
   */
  String template();
}

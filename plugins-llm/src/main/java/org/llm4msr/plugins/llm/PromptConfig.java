package org.llm4msr.plugins.llm;

import jakarta.validation.constraints.PositiveOrZero;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Settings of the prompt builder {@code llm4msr}. */
public record PromptConfig(
    @Setting(value = "Language of the shipped templates", defaultValue = "en") Language language,
    @Setting(
            value =
                "compact: mainly the item texts, for sentence encoders, which follow no"
                    + " instructions and read few tokens; full: instructions after the paper's, for"
                    + " language models that follow them",
            defaultValue = "compact")
        Style style,
    @Setting("File with a user template of your own, instead of the shipped one")
        @Nullable String userTemplate,
    @Setting("File with a scenario template of your own, instead of the shipped one")
        @Nullable String scenarioTemplate,
    @Setting("File with an item template of your own, instead of the shipped one")
        @Nullable String itemTemplate,
    @Setting(
            value = "What an expert knows about the scenarios, for the scenario prompts",
            defaultValue = "''")
        String expertKnowledge,
    @Setting(
            value = "Most history items in a user prompt, the newest ones; 0: all",
            defaultValue = "50")
        @PositiveOrZero
        int maxHistory,
    @Setting(
            value = "Most characters of an item's text in a history, cut at a word; 0: all",
            defaultValue = "200")
        @PositiveOrZero
        int maxItemLength,
    @Setting(
            value = "Most characters of the text in an item prompt, cut at a word; 0: all",
            defaultValue = "" + PromptConfig.USUAL_ITEM_PROMPT,
            before = "" + PromptConfig.USUAL_ITEM_PROMPT)
        @PositiveOrZero
        int maxItemPromptLength) {

  /** About as much text as a sentence encoder reads. */
  static final int USUAL_ITEM_PROMPT = 500;

  /** The language of a shipped template. */
  public enum Language {
    /** English. */
    EN,
    /** Chinese. */
    ZH
  }

  /** How much text a shipped template adds to the facts. */
  public enum Style {
    /** The paper's instructions around the facts. */
    FULL,
    /** Little more than the facts. */
    COMPACT
  }
}

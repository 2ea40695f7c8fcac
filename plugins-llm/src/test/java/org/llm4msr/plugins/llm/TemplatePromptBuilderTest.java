package org.llm4msr.plugins.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.plugins.llm.PromptConfig.Language;
import org.llm4msr.plugins.llm.PromptConfig.Style;

class TemplatePromptBuilderTest {

  private static final UserHistory HISTORY =
      new UserHistory(
          "u1",
          "age 30",
          List.of(
              new UserHistory.Event("Search", "i1", "running\n shoes"),
              new UserHistory.Event("Feed", "i2", ""),
              new UserHistory.Event("Feed", "i3", "marathon & <trail> running")));

  private static final List<ScenarioStatistics> SCENARIOS =
      List.of(
          new ScenarioStatistics(
              "1", "Feed", "Endless feed", 1000, 80, 50, 500, List.of(80L, 20L), List.of("a", "b")),
          new ScenarioStatistics(
              "2", "Search", "", 100, 40, 30, 10, List.of(20L, 40L), List.of("c", "d")));

  @TempDir Path folder;

  @Test
  void compactUserPromptHoldsTheItemTexts() {
    Prompt prompt = builder(Language.EN, Style.COMPACT).userPrompt(HISTORY);

    assertThat(prompt.key()).isEqualTo("u1");
    assertThat(prompt.text())
        .isEqualTo(
            "age 30. Search: running shoes. Feed: item i2. Feed: marathon & <trail> running. ");
    assertThat(prompt.dropOldest(2).text()).isEqualTo("age 30. Feed: marathon & <trail> running. ");
  }

  @Test
  void fullUserPromptAsksForCommonAndSpecialInterests() {
    String text = builder(Language.EN, Style.FULL).userPrompt(HISTORY).text();

    assertThat(text)
        .contains("About the user: age 30.\n")
        .contains(
            "history:\n- [Search] running shoes\n- [Feed] item i2\n- [Feed] marathon & <trail>"
                + " running\n\nReason")
        .contains("in all of these scenarios alike")
        .contains("special to one scenario");
  }

  @Test
  void fullScenarioPromptComparesWithAllOthers() {
    List<Prompt> prompts = builder(Language.EN, Style.FULL).scenarioPrompts(SCENARIOS);

    assertThat(prompts).extracting(Prompt::key).containsExactly("1", "2");
    assertThat(prompts.get(1).text())
        .contains("A platform serves 2 scenarios. This is about the scenario \"Search\".")
        .contains("Expert knowledge: Intent is stated in search.")
        .contains(
            "Statistics of \"Search\": 100 interactions (10.0% positive), 40 users, 30 items.")
        .contains(
            "- \"Feed\": 1000 interactions (50.0% positive), 80 users, 50 items; 20 users in"
                + " common, which is 50.0% of the users above. Endless feed.\n")
        .contains("the most popular last:\n- d\n- c\n");
    assertThat(prompts.get(0).text()).contains("Description: Endless feed.\n");
    assertThat(prompts.get(0).dropOldest(1).text()).contains("last:\n- a\n").doesNotContain("- b");
  }

  @Test
  void compactScenarioPromptComparesWithTheNearest() {
    List<Prompt> prompts = builder(Language.EN, Style.COMPACT).scenarioPrompts(SCENARIOS);

    assertThat(prompts.get(0).text())
        .isEqualTo(
            "Feed: Endless feed. Intent is stated in search. 1000 interactions, 80 users, 50 items,"
                + " 50.0% positive. 25.0% of the users also use Search. Popular: b. a. ");
    assertThat(prompts.get(1).text()).startsWith("Search. Intent is stated in search. 100 inter");
  }

  @ParameterizedTest
  @CsvSource({"FULL", "COMPACT"})
  void chineseTemplatesAreChinese(Style style) {
    ScenarioPromptBuilder builder = builder(Language.ZH, style);

    assertThat(builder.userPrompt(HISTORY).text()).contains("running shoes").contains("物品i2");
    assertThat(builder.scenarioPrompts(SCENARIOS).get(0).text()).contains("1000").contains("50.0%");
    assertThat(builder.scenarioPrompts(SCENARIOS).get(1).text().replaceAll("[^a-zA-Z]", ""))
        .as("no English beside the values")
        .hasSizeLessThan(70);
  }

  @Test
  void historyAndItemTextsAreLimited() {
    PromptConfig config = config(Language.EN, Style.COMPACT, null, 2, 10);

    assertThat(new TemplatePromptBuilder(config, folder).userPrompt(HISTORY).text())
        .isEqualTo("age 30. Feed: item i2. Feed: marathon &. ");
  }

  private static final ItemText ITEM = new ItemText("i1", " running \n shoes ");

  @Test
  void aCompactItemPromptIsTheText() {
    Prompt prompt = builder(Language.EN, Style.COMPACT).itemPrompt(ITEM);

    assertThat(prompt.key()).isEqualTo("i1");
    assertThat(prompt.text()).isEqualTo("running shoes");
    assertThat(prompt.history()).isEmpty();
  }

  @Test
  void aFullItemPromptAsksWhomItSuitsInEitherLanguage() {
    assertThat(builder(Language.EN, Style.FULL).itemPrompt(ITEM).text())
        .contains("The item: running shoes\n")
        .endsWith("whom it suits.");
    assertThat(builder(Language.ZH, Style.FULL).itemPrompt(ITEM).text().replaceAll("[^a-zA-Z]", ""))
        .isEqualTo("runningshoes");
  }

  @Test
  void longItemTextsAreCutAtAWord() {
    ItemText item = new ItemText("i1", "word ".repeat(200));

    String text = builder(Language.EN, Style.COMPACT).itemPrompt(item).text();

    assertThat(text).isEqualTo("word ".repeat(100).strip());
  }

  /** Stores that were filled before there were prompts of items are used on. */
  @Test
  void whatIsUsualForItemsIsNoPartOfTheTemplate() throws IOException {
    assertThat(builder(Language.EN, Style.FULL).template()).doesNotContain("The item");
    Files.writeString(folder.resolve("item.mustache"), "{{item}} is {{text}}");
    ScenarioPromptBuilder own =
        new TemplatePromptBuilder(
            new PromptConfig(
                Language.EN, Style.COMPACT, null, null, "item.mustache", "", 50, 200, 500),
            folder);

    assertThat(own.itemPrompt(ITEM).text()).isEqualTo("i1 is running shoes");
    assertThat(own.template()).contains("{{item}} is {{text}}");
  }

  @Test
  void ownTemplateReplacesTheShippedOne() throws IOException {
    String own = "{{user}} has {{count}}:{{#history}} {{item}}{{/history}}!";
    ScenarioPromptBuilder builder = own(own);

    assertThat(builder.userPrompt(HISTORY).text()).isEqualTo("u1 has 3: i1 i2 i3!");
    assertThat(builder.template()).contains(own);
    assertThat(builder.template()).isNotEqualTo(own(own + " ").template());
  }

  @Test
  void unknownPlaceholderIsRefusedByNameFileAndLine() {
    assertThatThrownBy(() -> own("{{#history}}{{text}}{{/history}}\nfor\nthe {{uzer}}"))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[knowledge/UNKNOWN_PLACEHOLDER] the placeholder {{uzer}} is not known here. File "
                + folder.resolve("own.mustache")
                + ", line 3. Known: count, item, profile, scenario, text, user.");
  }

  @Test
  void placeholderOutsideItsSectionIsRefused() {
    assertThatThrownBy(() -> own("\n{{text}} {{#history}}{{text}}{{/history}}"))
        .hasMessageContaining("{{text}} is not known here")
        .hasMessageContaining("line 2");
  }

  @Test
  void missingHistoryIsRefused() {
    assertThatThrownBy(() -> own("{{user}}\n{{profile}}"))
        .hasMessageContaining("[knowledge/MISSING_PLACEHOLDER] the section {{#history}}")
        .hasMessageContaining("own.mustache, lines 1 to 2");
    assertThatThrownBy(() -> own("{{#profile}}{{#history}}{{text}}{{/history}}{{/profile}}"))
        .hasMessageContaining("[knowledge/MISSING_PLACEHOLDER] the section {{#history}} was not");
  }

  @Test
  void brokenTemplatesAreRefused() {
    assertThatThrownBy(() -> own("{{#history}}{{text}}"))
        .hasMessageContaining("[knowledge/TEMPLATE_SYNTAX]");
    assertThatThrownBy(() -> own("{{#history}}{{/history}}{{>other}}"))
        .hasMessageContaining("[knowledge/TEMPLATE_SYNTAX] includes are not supported");
    PromptConfig missing = config(Language.EN, Style.FULL, "none.mustache", 0, 0);
    assertThatThrownBy(() -> new TemplatePromptBuilder(missing, folder))
        .hasMessageContaining("[knowledge/TEMPLATE_NOT_READABLE]");
    assertThatThrownBy(() -> own("{{#history}}{{text}}{{/history}}" + " ".repeat(1 << 20)))
        .hasMessageContaining("[knowledge/TEMPLATE_NOT_READABLE]")
        .hasMessageContaining("it has more than 1048576 bytes");
  }

  private ScenarioPromptBuilder own(String template) throws IOException {
    Files.writeString(folder.resolve("own.mustache"), template);
    return new Llm4msrPromptFactory()
        .create(config(Language.EN, Style.FULL, "own.mustache", 0, 0), () -> folder);
  }

  private ScenarioPromptBuilder builder(Language language, Style style) {
    return new TemplatePromptBuilder(config(language, style, null, 50, 200), folder);
  }

  private static PromptConfig config(
      Language language, Style style, String userTemplate, int maxHistory, int maxItemLength) {
    return new PromptConfig(
        language,
        style,
        userTemplate,
        null,
        null,
        "Intent is stated in search.",
        maxHistory,
        maxItemLength,
        PromptConfig.USUAL_ITEM_PROMPT);
  }
}

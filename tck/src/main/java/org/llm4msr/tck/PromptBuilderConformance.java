package org.llm4msr.tck;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.FolderContent;
import org.llm4msr.tck.harness.KitContext;
import org.llm4msr.tck.harness.PromptData;
import org.llm4msr.tck.harness.TwoThreads;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of prompt builders. Extend it, and name the factory and settings that give other
 * prompts:
 *
 * <pre>{@code
 * class MyPromptsTest extends PromptBuilderConformance {
 *   @Override
 *   protected PromptBuilderFactory<?> factory() {
 *     return new MyPromptFactory();
 *   }
 *
 *   @Override
 *   protected List<List<String>> otherSettings() {
 *     return List.of(List.of("language=zh"), List.of("maxHistory=3"));
 *   }
 * }
 * }</pre>
 */
public abstract class PromptBuilderConformance extends PluginConformance<PromptBuilderFactory<?>> {

  /** More characters than counts with more digits add to the fixed part of a prompt. */
  private static final int COUNTS = 40;

  /** A user whose name is part of no word of a template. */
  private static final String OTHER = "benxq";

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path temporary;

  /** Makes the kit. */
  protected PromptBuilderConformance() {
    super(PromptBuilderFactory.class);
  }

  /** Returns the folder that paths in the settings are relative to; by default an empty one. */
  protected Path base() {
    return temporary;
  }

  /**
   * Returns settings as in {@link #settings}, each of which gives other prompts; at least one if
   * the plugin has settings.
   */
  protected List<List<String>> otherSettings() {
    return List.of();
  }

  /**
   * Returns a prompt, or a part of it, as a reader of its format sees it: without the escapes of
   * JSON, XML or HTML. The rules on texts of items compare with it. By default all is seen as it
   * stands.
   */
  protected String shown(String prompt) {
    return prompt;
  }

  private ScenarioPromptBuilder create() {
    return create(factory(), config());
  }

  private <C extends Record> ScenarioPromptBuilder create(
      PromptBuilderFactory<C> factory, Record config) {
    return factory.create(factory.configType().cast(config), KitContext.files(base(), temporary));
  }

  @Override
  final void use() {
    texts(create());
  }

  private static List<String> texts(ScenarioPromptBuilder builder) {
    List<String> texts = new ArrayList<>();
    builder.scenarioPrompts(PromptData.SCENARIOS).forEach(prompt -> texts.add(prompt.text()));
    texts.add(builder.userPrompt(PromptData.history("anna", 12)).text());
    texts.add(builder.userPrompt(PromptData.history("ben", 3)).text());
    PromptData.ITEMS.forEach(item -> texts.add(builder.itemPrompt(item).text()));
    return texts;
  }

  /** Whose prompt it is, and what it contains. */
  @Nested
  class Content {

    @Rule(
        id = "PROMPT-01",
        says =
            "gives each scenario a prompt under its key, in the order given, and each user"
                + " under its id",
        checkFirst = {
          "the key of a scenario, not its name or rank",
          "the raw id of the user, unchanged"
        })
    final void keepsKeys() {
      ScenarioPromptBuilder builder = create();
      Finding.unlessEqual(
          "keys of the scenario prompts",
          PromptData.SCENARIOS.stream().map(ScenarioStatistics::key).toList(),
          builder.scenarioPrompts(PromptData.SCENARIOS).stream().map(Prompt::key).toList());
      Finding.unlessEqual(
          "key of the user prompt",
          "user 7/a",
          builder.userPrompt(PromptData.history("user 7/a", 2)).key());
    }

    @Rule(
        id = "PROMPT-02",
        says = "names the scenario in its prompt, and tells scenarios and users apart",
        checkFirst = {"the template has the placeholders of name and history"})
    final void tells() {
      ScenarioPromptBuilder builder = create();
      List<Prompt> prompts = builder.scenarioPrompts(PromptData.SCENARIOS);
      for (int rank = 0; rank < prompts.size(); rank++) {
        String name = PromptData.SCENARIOS.get(rank).name();
        Finding.unless(
            prompts.get(rank).text().contains(name),
            "the name " + name + " in its prompt",
            prompts.get(rank).text());
      }
      List<String> texts = texts(builder);
      Finding.unlessEqual("different prompts", texts.size(), new HashSet<>(texts).size());
    }

    @Rule(
        id = "PROMPT-03",
        says = "writes prompts of little data: no history, no texts, no rows, one scenario",
        checkFirst = {"division by the rows of a scenario", "the last of no events"})
    final void writesOfLittle() {
      ScenarioPromptBuilder builder = create();
      for (UserHistory history : PromptData.sparse()) {
        Finding.unlessEqual("key", history.user(), builder.userPrompt(history).key());
      }
      PromptData.sparseScenarios()
          .forEach(
              scenarios ->
                  Finding.unlessEqual(
                      "scenario prompts",
                      scenarios.size(),
                      builder.scenarioPrompts(scenarios).size()));
    }

    @Rule(
        id = "PROMPT-04",
        says = "takes the texts of items as they are, also those that look like placeholders",
        checkFirst = {
          "%, {{, ${ and $1 in a text are not placeholders: fill templates once, not twice",
          "item texts hold line ends"
        })
    final void takesTextsAsTheyAre() {
      ScenarioPromptBuilder builder = create();
      for (String odd : List.of("%d %s", "{{user}}", "${user}", "$1", "a\nb\r")) {
        var event = new UserHistory.Event("homefeed", "i1", "Alpha " + odd + " Omega");
        String text = shownOf(builder, event);
        // A builder may replace line ends, but nothing else.
        Finding.unless(
            odd.contains("\n")
                ? text.contains("Alpha ") && text.contains(" Omega")
                : text.contains(event.text()),
            "the text '" + event.text() + "' in the prompt",
            text);
        Finding.unless(!text.contains("Alpha u1 Omega"), odd + " left as it is", text);
      }
    }

    private String shownOf(ScenarioPromptBuilder builder, UserHistory.Event event) {
      return shown(builder.userPrompt(new UserHistory("u1", "", List.of(event))).text());
    }

    @Rule(
        id = "PROMPT-06",
        level = RequirementLevel.SHOULD,
        says = "shows a reader the texts of items with all of their characters",
        checkFirst = {
          "a prompt in JSON, XML or HTML escapes them: shown(prompt) of the test undoes that, as"
              + " a reader of the format does",
          "what is escaped twice, left out or replaced is another text for the language model"
        })
    final void showsAllCharacters() {
      ScenarioPromptBuilder builder = create();
      for (String odd : PromptData.SPECIAL) {
        String text = "Alpha " + odd + " Omega";
        String user = shownOf(builder, new UserHistory.Event("homefeed", "i1", text));
        Finding.unless(user.contains(text), "the text '" + text + "' in the prompt", user);
        String item = shown(builder.itemPrompt(new ItemText("i1", text)).text());
        Finding.unless(item.contains(text), "the text '" + text + "' in the item's prompt", item);
      }
    }
  }

  /** The prompts of items. */
  @Nested
  class Items {

    @Rule(
        id = "PROMPT-05",
        says = "gives each item a prompt under its raw id that holds its text as it is",
        checkFirst = {
          "the default of itemPrompt is the text alone",
          "only texts that are far longer than a sentence may be cut"
        })
    final void writesItems() {
      ScenarioPromptBuilder builder = create();
      for (ItemText item : PromptData.ITEMS) {
        Prompt prompt = builder.itemPrompt(item);
        Finding.unlessEqual("key of the item prompt", item.item(), prompt.key());
        String text = shown(prompt.text());
        Finding.unless(
            text.contains(item.text()), "the text '" + item.text() + "' in its prompt", text);
      }
    }
  }

  /** What may be dropped so that the prompt fits. */
  @Nested
  class Budget {

    @Rule(
        id = "PROMPT-10",
        says = "puts the newest events of a user into history, in their order, newest last",
        checkFirst = {
          "events come newest last: where some are left out, it is the first ones",
          "one history item an event: the runtime drops the first until a prompt fits"
        })
    final void keepsTheNewestEvents() {
      Prompt prompt = create().userPrompt(PromptData.history("anna", 12));
      int kept = prompt.history().size();
      Finding.unless(kept >= 1 && kept <= 12, "1 to 12 history items", kept);
      for (int i = 0; i < kept; i++) {
        int event = 12 - kept + i;
        Finding.unless(
            prompt.history().get(i).contains(PromptData.word("anna", event)),
            "event " + event + " of 12 in history item " + i + " of " + kept,
            prompt.history().get(i));
      }
    }

    @Rule(
        id = "PROMPT-11",
        says = "has no event in the part of a user prompt that cannot be dropped",
        checkFirst = {"items in head or tail are never dropped, so that the prompt may never fit"})
    final void keepsEventsOutOfTheRest() {
      String rest = withoutHistory(create().userPrompt(PromptData.history("anna", 12)));
      for (int event = 0; event < 12; event++) {
        Finding.unless(
            !rest.contains(PromptData.word("anna", event)), "no event outside history", rest);
      }
    }

    @Rule(
        id = "PROMPT-12",
        says = "makes the rest of a user prompt no longer for a longer history",
        checkFirst = {"lists and summaries that grow with the history belong into history items"})
    final void theRestDoesNotGrow() {
      ScenarioPromptBuilder builder = create();
      int few = withoutHistory(builder.userPrompt(PromptData.history("anna", 3))).length();
      int many = withoutHistory(builder.userPrompt(PromptData.history("anna", 3000))).length();
      Finding.unless(
          many <= few + COUNTS,
          "at most " + (few + COUNTS) + " characters without history, as for 3 events",
          many + " for 3,000 events");
    }

    @Rule(
        id = "PROMPT-13",
        says =
            "has popular items of a scenario only where they can be dropped, least popular first",
        checkFirst = {
          "popularItems come most popular first, history items are dropped from the front"
        })
    final void popularItemsCanBeDropped() {
      List<Prompt> prompts = create().scenarioPrompts(PromptData.SCENARIOS);
      for (int rank = 0; rank < prompts.size(); rank++) {
        List<String> popular = PromptData.popular(PromptData.SCENARIOS.get(rank).name());
        Prompt prompt = prompts.get(rank);
        int before = Integer.MAX_VALUE;
        for (String item : prompt.history()) {
          int position =
              IntStream.range(0, popular.size())
                  .filter(i -> item.contains(popular.get(i)))
                  .findFirst()
                  .orElse(before - 1);
          Finding.unless(position < before, "less popular items first", prompt.history());
          before = position;
        }
        String rest = withoutHistory(prompt);
        Finding.unless(
            popular.stream().noneMatch(rest::contains), "no popular item outside history", rest);
      }
    }

    private String withoutHistory(Prompt prompt) {
      return prompt.dropOldest(prompt.history().size()).text();
    }
  }

  /** The same input gives the same prompt, and nothing else affects it. */
  @Nested
  class Repetition {

    @Rule(
        id = "PROMPT-20",
        says = "reveals nothing from the history of one user in any other prompt",
        checkFirst = {
          "fields that collect what was seen: a prompt follows from its own input alone"
        })
    final void keepsUsersApart() {
      ScenarioPromptBuilder builder = create();
      for (int i = 0; i < 3; i++) {
        builder.userPrompt(PromptData.history(OTHER, 5 + i));
      }
      String text = builder.userPrompt(PromptData.history("anna", 3)).text();
      Finding.unless(!text.contains(OTHER), "nothing of the user " + OTHER, text);
      for (Prompt prompt : builder.scenarioPrompts(PromptData.SCENARIOS)) {
        Finding.unless(
            !prompt.text().contains(OTHER), "no history in a scenario prompt", prompt.text());
      }
    }

    @Rule(
        id = "PROMPT-21",
        says = "writes the same prompts at every call, by another builder too",
        checkFirst = {
          "no clock, chance, hash order or counter",
          "numbers in Locale.ROOT, whatever the machine's language is"
        })
    final void repeats() {
      ScenarioPromptBuilder builder = create();
      List<String> first = texts(builder);
      List<String> again = texts(builder);
      List<String> others = texts(create());
      for (int i = 0; i < first.size(); i++) {
        Finding.unlessEqual("at the second call", first.get(i), again.get(i));
        Finding.unlessEqual("by another builder", first.get(i), others.get(i));
      }
    }

    @Rule(
        id = "PROMPT-22",
        says = "states a template that is not empty, the same at every call",
        checkFirst = {"template() is hashed: a store filled with another one is not used"})
    final void statesItsTemplate() {
      ScenarioPromptBuilder builder = create();
      String template = builder.template();
      Finding.unless(!template.isBlank(), "a template", "none");
      Finding.unlessEqual("at the second call", template, builder.template());
      Finding.unlessEqual("by another builder", template, create().template());
    }

    @Rule(
        id = "PROMPT-23",
        says = "states another template wherever settings give another prompt",
        checkFirst = {
          "template() holds the templates and every setting that changes a prompt",
          "otherSettings() of the test names such settings"
        })
    final void theTemplateTellsSettingsApart() {
      Finding.unless(
          !otherSettings().isEmpty() || factory().configType().getRecordComponents().length == 0,
          "otherSettings() in the test of a plugin that has settings",
          "none");
      ScenarioPromptBuilder builder = create();
      for (List<String> other : otherSettings()) {
        ScenarioPromptBuilder changed = create(factory(), config(other));
        Finding.unless(
            !texts(changed).equals(texts(builder)), "other prompts with " + other, "the same");
        Finding.unless(
            !changed.template().equals(builder.template()),
            "another template with " + other,
            "the same");
      }
    }

    @Rule(
        id = "PROMPT-24",
        says = "writes for two threads at once",
        checkFirst = {"a StringBuilder or a map of values in a field"})
    final void writesForTwoThreads() throws InterruptedException {
      ScenarioPromptBuilder builder = create();
      List<UserHistory> users =
          List.of(PromptData.history("anna", 12), PromptData.history("ben", 3));
      List<String> alone = users.stream().map(user -> builder.userPrompt(user).text()).toList();
      new TwoThreads(
              50,
              (thread, round) ->
                  Finding.unlessEqual(
                      "prompt beside another thread",
                      alone.get(thread),
                      builder.userPrompt(users.get(thread)).text()))
          .run();
    }

    @Rule(
        id = "PROMPT-25",
        says = "leaves the folder of the configuration as it was",
        checkFirst = {"a builder reads its templates there and writes nothing"})
    final void writesNoFile() {
      FolderContent before = FolderContent.of(base());
      texts(create());
      Finding.unlessEqual("afterwards,", before, FolderContent.of(base()));
    }
  }
}

package org.llm4msr.tck.zoo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.tck.PromptBuilderConformance;

/** Each flaw of a prompt builder breaks its rule and no other. */
class PromptZooTest extends ZooTest<SoundPrompts> {

  private static final AtomicInteger COUNT = new AtomicInteger();

  static class Kit extends PromptBuilderConformance {
    @Override
    protected PromptBuilderFactory<?> factory() {
      return new ZooPromptFactory();
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of("greeting=Hello"));
    }
  }

  PromptZooTest() {
    super(Kit.class, ZooPromptFactory.CAGE);
    flaw("RUN-01", OutOfOrder::new);
    flaw("PROMPT-01", NamesScenariosByName::new);
    flaw("PROMPT-02", HidesTheScenario::new);
    flaw("PROMPT-03", TakesTheLastOfNone::new);
    flaw("PROMPT-04", FillsTextsToo::new);
    flaw("PROMPT-05", NamesItemsByText::new);
    flaw("PROMPT-06", EscapesTexts::new);
    flaw("PROMPT-10", TurnsHistoryRound::new);
    flaw("PROMPT-11", ShowsTheLastInItsHead::new);
    flaw("PROMPT-12", ListsScenariosInItsHead::new);
    flaw("PROMPT-13", DropsTheMostPopularFirst::new);
    flaw("PROMPT-20", RemembersUsers::new);
    flaw("PROMPT-21", CountsBuilders::new);
    flaw("PROMPT-22", CountsItsTemplates::new);
    flaw("PROMPT-23", ForgetsASetting::new);
    flaw("PROMPT-24", WritesInAField::new);
    flaw("PROMPT-25", WritesAFile::new);
    leaks(SoundPrompts::new);
  }

  private static final class OutOfOrder extends SoundPrompts {
    @Override
    String tail() {
      throw new IllegalStateException(OUT_OF_ORDER);
    }
  }

  private static final class NamesScenariosByName extends SoundPrompts {
    @Override
    Prompt scenarioPrompt(ScenarioStatistics scenario) {
      Prompt prompt = super.scenarioPrompt(scenario);
      return new Prompt(scenario.name(), prompt.head(), prompt.history(), "; ", prompt.tail());
    }
  }

  private static final class HidesTheScenario extends SoundPrompts {
    @Override
    Prompt scenarioPrompt(ScenarioStatistics scenario) {
      String head = "Number " + scenario.key() + ".";
      return new Prompt(scenario.key(), head, List.of(), "", tail());
    }
  }

  private static final class TakesTheLastOfNone extends SoundPrompts {
    @Override
    String head(UserHistory history) {
      String last = history.events().get(history.events().size() - 1).scenario();
      return super.head(history) + "last in " + last + ": ";
    }
  }

  private static final class FillsTextsToo extends SoundPrompts {
    @Override
    String item(UserHistory history, UserHistory.Event event) {
      return super.item(history, event).replace("{{user}}", history.user());
    }
  }

  private static final class EscapesTexts extends SoundPrompts {
    @Override
    String item(UserHistory history, UserHistory.Event event) {
      return super.item(history, event).replace("\"", "&quot;");
    }
  }

  private static final class NamesItemsByText extends SoundPrompts {
    @Override
    public Prompt itemPrompt(ItemText item) {
      return new Prompt(item.text(), item.text(), List.of(), "", "");
    }
  }

  private static final class TurnsHistoryRound extends SoundPrompts {
    @Override
    List<String> items(UserHistory history) {
      List<String> items = new ArrayList<>(super.items(history));
      Collections.reverse(items);
      return items;
    }
  }

  private static final class ShowsTheLastInItsHead extends SoundPrompts {
    @Override
    String head(UserHistory history) {
      List<String> items = items(history);
      return super.head(history) + (items.isEmpty() ? "" : items.get(items.size() - 1) + "; ");
    }
  }

  private static final class ListsScenariosInItsHead extends SoundPrompts {
    @Override
    String head(UserHistory history) {
      return history.events().stream()
          .map(UserHistory.Event::scenario)
          .collect(Collectors.joining(", ", super.head(history), ": "));
    }
  }

  private static final class DropsTheMostPopularFirst extends SoundPrompts {
    @Override
    Prompt scenarioPrompt(ScenarioStatistics scenario) {
      Prompt prompt = super.scenarioPrompt(scenario);
      return new Prompt(
          scenario.key(), prompt.head(), scenario.popularItems(), "; ", prompt.tail());
    }
  }

  private static final class RemembersUsers extends SoundPrompts {
    private boolean sevenOfOther;

    @Override
    public Prompt userPrompt(UserHistory history) {
      Prompt prompt = super.userPrompt(history);
      String head = sevenOfOther ? "Unlike benxq, " : "";
      sevenOfOther = history.user().equals("benxq") && history.events().size() == 7;
      return new Prompt(
          history.user(), head + prompt.head(), prompt.history(), "; ", prompt.tail());
    }
  }

  private static final class CountsBuilders extends SoundPrompts {
    private final int number = COUNT.incrementAndGet();

    @Override
    String tail() {
      return " by " + number;
    }
  }

  private static final class CountsItsTemplates extends SoundPrompts {
    @Override
    public String template() {
      return "template " + COUNT.incrementAndGet();
    }
  }

  private static final class ForgetsASetting extends SoundPrompts {
    @Override
    public String template() {
      return "template";
    }
  }

  private static final class WritesInAField extends SoundPrompts {
    private final Shared shared = new Shared();

    @Override
    public Prompt userPrompt(UserHistory history) {
      Prompt prompt = super.userPrompt(history);
      return shared.isAnothers() ? prompt.dropOldest(1) : prompt;
    }
  }

  private static final class WritesAFile extends SoundPrompts {
    @Override
    void start(String given, Path base) {
      super.start(given, base);
      try {
        Files.writeString(base.resolve("prompts"), given);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

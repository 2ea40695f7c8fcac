package ${package};

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;

/** Says in plain sentences what is known of a scenario or a user, and asks a question. */
final class ${className} implements ScenarioPromptBuilder {

  /** To be counted up with each change of the sentences. */
  private static final String REVISION = "1";

  private final String question;

  ${className}(${className}Config config) {
    question = config.question();
  }

  @Override
  public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
    return scenarios.stream().map(this::scenarioPrompt).toList();
  }

  private Prompt scenarioPrompt(ScenarioStatistics scenario) {
    List<String> popular = new ArrayList<>(scenario.popularItems());
    Collections.reverse(popular);
    String head =
        String.format(
            Locale.ROOT,
            "In the scenario %s, %d users met %d items and liked %d of %d. %sPopular: ",
            scenario.name(),
            scenario.users(),
            scenario.items(),
            scenario.positives(),
            scenario.interactions(),
            sentence(scenario.description()));
    return new Prompt(scenario.key(), head, popular, "; ", ". " + question);
  }

  @Override
  public Prompt userPrompt(UserHistory history) {
    List<String> liked = history.events().stream().map(${className}::words).toList();
    String head = "A user of a recommender system. %sLiked: ".formatted(sentence(history.profile()));
    return new Prompt(history.user(), head, liked, "; ", ". " + question);
  }

  private static String sentence(String text) {
    return text.isEmpty() ? "" : text + ". ";
  }

  private static String words(UserHistory.Event event) {
    String item = event.text().isEmpty() ? "item " + event.item() : event.text();
    return item + " (" + event.scenario() + ")";
  }

  @Override
  public String template() {
    return REVISION + " " + question;
  }
}

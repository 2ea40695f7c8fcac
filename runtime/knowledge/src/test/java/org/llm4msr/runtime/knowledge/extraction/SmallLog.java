package org.llm4msr.runtime.knowledge.extraction;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/** A double: users with the numbers of words that they like, and a builder of short prompts. */
public final class SmallLog implements TrainingLog, ScenarioPromptBuilder {

  public final Map<String, Integer> users = new LinkedHashMap<>();
  public final Map<String, String> items = new LinkedHashMap<>();

  /** Users whose prompts say nothing. */
  final Set<String> silent = new HashSet<>();

  String template = "plain";

  public static SmallLog of(int count) {
    SmallLog log = new SmallLog();
    IntStream.range(0, count).forEach(i -> log.users.put("u" + i, 1 + i % 7));
    return log;
  }

  @Override
  public List<ScenarioStatistics> scenarioStatistics() {
    return List.of(statistics("1", "feed"), statistics("2", "search"));
  }

  private static ScenarioStatistics statistics(String key, String name) {
    return new ScenarioStatistics(key, name, "", 9, 3, 3, 4, List.of(3L, 1L), List.of());
  }

  @Override
  public long users() {
    return users.size();
  }

  @Override
  public void forEachUser(Consumer<UserHistory> visitor) {
    users.forEach(
        (user, likes) ->
            visitor.accept(
                new UserHistory(
                    user,
                    "",
                    IntStream.range(0, likes)
                        .mapToObj(i -> new UserHistory.Event("feed", "i" + i, "item " + i))
                        .toList())));
  }

  @Override
  public void forEachItem(Consumer<ItemText> visitor) {
    items.forEach((item, text) -> visitor.accept(new ItemText(item, text)));
  }

  @Override
  public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
    return scenarios.stream()
        .map(s -> new Prompt(s.key(), "scenario " + s.name(), List.of(), "", ""))
        .toList();
  }

  @Override
  public Prompt userPrompt(UserHistory history) {
    if (silent.contains(history.user())) {
      return new Prompt(history.user(), " ", List.of(), "", "\n");
    }
    return new Prompt(
        history.user(),
        history.user() + " likes ",
        history.events().stream().map(UserHistory.Event::text).toList(),
        " and ",
        " .");
  }

  @Override
  public String template() {
    return template;
  }
}

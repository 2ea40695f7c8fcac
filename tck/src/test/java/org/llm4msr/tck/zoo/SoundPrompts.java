package org.llm4msr.tck.zoo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;

/** Writes the shortest prompts that keep the rules. Each flaw overrides one method. */
class SoundPrompts implements ScenarioPromptBuilder {

  private String greeting = "";

  void start(String given, Path base) {
    greeting = given;
  }

  @Override
  public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
    return scenarios.stream().map(this::scenarioPrompt).toList();
  }

  Prompt scenarioPrompt(ScenarioStatistics scenario) {
    List<String> popular = new ArrayList<>(scenario.popularItems());
    Collections.reverse(popular);
    String head = greeting + " " + scenario.name() + ": ";
    return new Prompt(scenario.key(), head, popular, "; ", tail());
  }

  @Override
  public Prompt userPrompt(UserHistory history) {
    return new Prompt(history.user(), head(history), items(history), "; ", tail());
  }

  String head(UserHistory history) {
    return "%s %s, %d events: ".formatted(greeting, history.profile(), history.events().size());
  }

  List<String> items(UserHistory history) {
    return history.events().stream().map(event -> item(history, event)).toList();
  }

  String item(UserHistory history, UserHistory.Event event) {
    return event.scenario() + " " + event.text();
  }

  /** Contains "ben", the name of a user of the kit, within a word, as templates may. */
  String tail() {
    return ". Say who benefits.";
  }

  @Override
  public String template() {
    return "greeting=" + greeting;
  }
}

package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;

/** Fills the templates; {@code docs/knowledge.md} says how to write one. */
final class TemplatePromptBuilder implements ScenarioPromptBuilder {

  /** A compact scenario prompt compares with so many others: those with most users in common. */
  private static final int NEAREST = 3;

  private static final Set<String> USER_PLACEHOLDERS =
      Set.of("user", "profile", "count", "scenario", "item", "text");

  private static final Set<String> SCENARIO_PLACEHOLDERS =
      Set.of(
          "name",
          "description",
          "interactions",
          "users",
          "items",
          "positives",
          "positivePercent",
          "scenarioCount",
          "expertKnowledge",
          "others",
          "nearest",
          "sharedUsers",
          "sharedPercent",
          "text");

  private static final Set<String> ITEM_PLACEHOLDERS = Set.of("item", "text");

  private final PromptConfig config;
  private final PromptTemplate user;
  private final PromptTemplate scenario;
  private final PromptTemplate item;

  TemplatePromptBuilder(PromptConfig config, Path base) {
    this.config = config;
    this.user = template("user", config.userTemplate(), base, "history", USER_PLACEHOLDERS);
    this.scenario =
        template(
            "scenario", config.scenarioTemplate(), base, "popularItems", SCENARIO_PLACEHOLDERS);
    this.item = template("item", config.itemTemplate(), base, null, ITEM_PLACEHOLDERS);
    renderSamples();
  }

  @Override
  public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
    List<Prompt> prompts = new ArrayList<>(scenarios.size());
    for (int rank = 0; rank < scenarios.size(); rank++) {
      prompts.add(scenarioPrompt(scenarios, rank));
    }
    return prompts;
  }

  @Override
  public Prompt userPrompt(UserHistory history) {
    List<UserHistory.Event> events = history.events();
    int kept = config.maxHistory() == 0 ? events.size() : config.maxHistory();
    List<Map<String, String>> items =
        events.subList(Math.max(0, events.size() - kept), events.size()).stream()
            .map(this::values)
            .toList();
    Map<String, Object> values =
        Map.of(
            "user", PromptTemplate.clean(history.user()),
            "profile", PromptTemplate.clean(history.profile()),
            "count", events.size());
    return user.render(history.user(), values, items);
  }

  @Override
  public Prompt itemPrompt(ItemText described) {
    String text = PromptTemplate.clean(described.text());
    Map<String, Object> values =
        Map.of(
            "item", PromptTemplate.clean(described.item()),
            "text", shorten(text, config.maxItemPromptLength()));
    return item.render(described.item(), values);
  }

  /** Says of items only what the user has changed: older stores were filled without them. */
  @Override
  public String template() {
    List<String> parts = new ArrayList<>();
    parts.add("llm4msr prompts 1");
    parts.add(user.text());
    parts.add(scenario.text());
    parts.add(config.expertKnowledge());
    parts.add("maxHistory=" + config.maxHistory());
    parts.add("maxItemLength=" + config.maxItemLength());
    if (config.itemTemplate() != null) {
      parts.add(item.text());
    }
    if (config.maxItemPromptLength() != PromptConfig.USUAL_ITEM_PROMPT) {
      parts.add("maxItemPromptLength=" + config.maxItemPromptLength());
    }
    return String.join("\u0000", parts);
  }

  private PromptTemplate template(
      String level,
      @Nullable String file,
      Path base,
      @Nullable String list,
      Set<String> placeholders) {
    if (file != null) {
      Path path = base.resolve(file);
      return new PromptTemplate("File " + path, PromptTemplate.read(path), list, placeholders);
    }
    String name =
        "%s-%s-%s.mustache"
            .formatted(level, config.style(), config.language())
            .toLowerCase(Locale.ROOT);
    return new PromptTemplate(
        "Shipped template " + name, PromptTemplate.shipped(name), list, placeholders);
  }

  private Map<String, String> values(UserHistory.Event event) {
    return Map.of(
        "scenario", PromptTemplate.clean(event.scenario()),
        "item", PromptTemplate.clean(event.item()),
        "text", shorten(PromptTemplate.clean(event.text()), config.maxItemLength()));
  }

  private Prompt scenarioPrompt(List<ScenarioStatistics> scenarios, int rank) {
    ScenarioStatistics own = scenarios.get(rank);
    List<Integer> others =
        IntStream.range(0, scenarios.size()).filter(other -> other != rank).boxed().toList();
    IntFunction<Map<String, Object>> compared =
        other -> values(scenarios.get(other), own, own.sharedUsers().get(other));
    Map<String, Object> values = values(own, own, own.users());
    values.put("scenarioCount", scenarios.size());
    values.put("expertKnowledge", PromptTemplate.clean(config.expertKnowledge()));
    values.put("others", others.stream().map(compared::apply).toList());
    values.put("nearest", nearest(own, others).map(compared::apply).toList());
    // The least popular item stands first, because the first is dropped first.
    List<Map<String, String>> popular = new ArrayList<>();
    own.popularItems()
        .forEach(
            text ->
                popular.add(
                    Map.of("text", shorten(PromptTemplate.clean(text), config.maxItemLength()))));
    Collections.reverse(popular);
    return scenario.render(own.key(), values, popular);
  }

  private Map<String, Object> values(
      ScenarioStatistics scenario, ScenarioStatistics seenFrom, long sharedUsers) {
    Map<String, Object> values = new HashMap<>();
    values.put("name", PromptTemplate.clean(scenario.name()));
    values.put("description", sentence(PromptTemplate.clean(scenario.description())));
    values.put("interactions", scenario.interactions());
    values.put("users", scenario.users());
    values.put("items", scenario.items());
    values.put("positives", scenario.positives());
    values.put("positivePercent", percent(scenario.positives(), scenario.interactions()));
    values.put("sharedUsers", sharedUsers);
    values.put("sharedPercent", percent(sharedUsers, seenFrom.users()));
    return values;
  }

  private static Stream<Integer> nearest(ScenarioStatistics own, List<Integer> others) {
    return others.stream()
        .sorted(Comparator.comparingLong((Integer other) -> -own.sharedUsers().get(other)))
        .limit(NEAREST);
  }

  /** Adds a full stop of the configured language to a text that has no final punctuation. */
  private String sentence(String text) {
    String stop = config.language() == PromptConfig.Language.ZH ? "。" : ".";
    return text.isEmpty() || ".!?。！？".indexOf(text.charAt(text.length() - 1)) >= 0
        ? text
        : text + stop;
  }

  private static String percent(long part, long whole) {
    return String.format(Locale.ROOT, "%.1f", whole == 0 ? 0.0 : 100.0 * part / whole);
  }

  private static String shorten(String text, int limit) {
    if (limit == 0 || text.length() <= limit) {
      return text;
    }
    int space = text.lastIndexOf(' ', limit);
    int end = space > limit / 2 ? space : limit;
    // A character outside the basic plane is never cut in two.
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end);
  }

  /** Fills all templates with and without optional values, so that errors show early. */
  private void renderSamples() {
    var event = new UserHistory.Event("scenario", "item", "text");
    var bare = new UserHistory.Event("scenario", "item", "");
    userPrompt(new UserHistory("user", "profile", List.of(event, bare)));
    userPrompt(new UserHistory("user", "", List.of(bare)));
    itemPrompt(new ItemText("item", "text"));
    scenarioPrompts(List.of(sample("a", "text"), sample("b", "")));
    scenarioPrompts(
        List.of(new ScenarioStatistics("c", "c", "", 0, 0, 0, 0, List.of(0L), List.of(""))));
  }

  private static ScenarioStatistics sample(String key, String text) {
    return new ScenarioStatistics(
        key, key, text, 1, 1, 1, 1, List.of(1L, 1L), List.of("text", "text"));
  }
}

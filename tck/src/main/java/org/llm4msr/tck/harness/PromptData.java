package org.llm4msr.tck.harness;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;

/** The data of prompts: words that no template contains, so that they can be found again. */
public final class PromptData {

  public static final List<ScenarioStatistics> SCENARIOS =
      List.of(
          scenario("0", "homefeed", 900, List.of(400L, 120L, 30L)),
          scenario("1", "searchpage", 500, List.of(120L, 300L, 20L)),
          scenario("2", "liveroom", 60, List.of(30L, 20L, 50L)));

  /** Items, some of whose texts look like placeholders. */
  public static final List<ItemText> ITEMS =
      List.of(
          new ItemText("item 7/a", "the film pianoxq"),
          new ItemText("8", "a {{user}} of ${item} and %s $1"));

  /** Characters that formats of prompts escape, and others beyond ASCII. */
  public static final List<String> SPECIAL =
      List.of("\\1 \\n", "\"one\" 'two'", "<b>&</b>", "&amp; &#039;", "\u4E2D", "\uD83C\uDFAC");

  private PromptData() {}

  private static ScenarioStatistics scenario(
      String key, String name, long interactions, List<Long> sharedUsers) {
    return new ScenarioStatistics(
        key,
        name,
        "What users see in the " + name,
        interactions,
        sharedUsers.get(Integer.parseInt(key)),
        interactions / 3,
        interactions / 4,
        sharedUsers,
        popular(name));
  }

  /** Returns the texts of the popular items of a scenario, most popular first. */
  public static List<String> popular(String scenario) {
    return IntStream.range(0, 8).mapToObj(i -> "popular " + scenario + "hit" + i + "q").toList();
  }

  /** Returns the history of a user, each event with words of its own. */
  public static UserHistory history(String user, int events) {
    return new UserHistory(
        user,
        "age 30-40",
        IntStream.range(0, events)
            .mapToObj(i -> new UserHistory.Event(scenarioOf(i), "i" + i, text(user, i)))
            .toList());
  }

  private static String scenarioOf(int event) {
    return SCENARIOS.get(event % SCENARIOS.size()).name();
  }

  /** Returns the text of a user's event. */
  static String text(String user, int event) {
    return "the film " + word(user, event);
  }

  /** Returns the word that only this event has. */
  public static String word(String user, int event) {
    return user + "x" + event + "q";
  }

  /** Returns histories of users with little information. */
  public static List<UserHistory> sparse() {
    var nameless = new UserHistory.Event("homefeed", "i1", "");
    return List.of(
        new UserHistory("u1", "", List.of()),
        new UserHistory("u2", "", List.of(nameless)),
        new UserHistory("u3", "", Collections.nCopies(3, nameless)));
  }

  /** Returns scenarios with little information, among them a single scenario. */
  public static Stream<List<ScenarioStatistics>> sparseScenarios() {
    var empty = new ScenarioStatistics("a", "a", "", 0, 0, 0, 0, List.of(0L), List.of());
    var first = new ScenarioStatistics("a", "a", "", 1, 1, 1, 1, List.of(1L, 0L), List.of(""));
    var second = new ScenarioStatistics("b", "b", "", 0, 0, 0, 0, List.of(0L, 0L), List.of());
    return Stream.of(List.of(empty), List.of(first, second));
  }
}

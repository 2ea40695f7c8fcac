package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.tck.PromptBuilderConformance;

class ${className}Test {

  /** The rules that every prompt builder keeps. */
  @Nested
  class WithDefaults extends PromptBuilderConformance {
    @Override
    protected PromptBuilderFactory<?> factory() {
      return new ${className}Factory();
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of("question=And now?"));
    }
  }

  /** The results of this builder. */
  private final ${className} prompts = new ${className}(new ${className}Config("And now?"));

  @Test
  void writesWhatAUserLiked() {
    UserHistory.Event cats = new UserHistory.Event("feed", "17", "Cats");
    UserHistory.Event untold = new UserHistory.Event("search", "18", "");
    UserHistory user = new UserHistory("u1", "Lives in Bern", List.of(cats, untold));

    assertEquals(
        "A user of a recommender system. Lives in Bern. Liked: Cats (feed); item 18 (search)."
            + " And now?",
        prompts.userPrompt(user).text());
  }

  @Test
  void writesWhatAScenarioHasTheMostPopularLast() {
    ScenarioStatistics feed =
        new ScenarioStatistics("1", "feed", "", 9, 3, 4, 2, List.of(3L), List.of("Cats", "Dogs"));

    assertEquals(
        "In the scenario feed, 3 users met 4 items and liked 2 of 9. Popular: Dogs; Cats. And now?",
        prompts.scenarioPrompts(List.of(feed)).get(0).text());
  }
}

package org.llm4msr.runtime.knowledge.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan.Estimate;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan.PlannedLevel;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.LevelSummary;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbour;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbourhood;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Range;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Summary;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.Without;

/** What the results of this package say in words. */
class KnowledgeTextTest {

  private static final Counts NOTHING = Counts.of(Without.NONE);
  private static final StoreInfo INFO =
      StoreInfo.empty(
          new StoreInfo.Encoder("words", "7", "", "last", 4, 100),
          "",
          Precision.FLOAT16,
          "data",
          1,
          false,
          List.of(),
          Map.of());

  private static Counts read(long read) {
    return new Counts(read, 0, Without.NONE, List.of(), List.of(), List.of());
  }

  @Test
  void aLineSaysWhoHasNoVectorAndNamesTheFirst() {
    Counts counts =
        new Counts(
            0, 0, new Without(1_200, 0, 3, 0, 1), List.of("a", "b"), List.of(), List.of("x"));

    assertThat(counts.withoutVector("users"))
        .isEqualTo(
            "users without a vector: 1,200 below the threshold;"
                + " 3 with an empty prompt (a, b, ...); 1 refused (x)\n");
    assertThat(NOTHING.withoutVector("users")).isEmpty();
  }

  @Test
  void anExtractionSaysWhatItReadAndHowFast() {
    Counts users =
        new Counts(1_000, 20, new Without(5, 0, 0, 0, 0), List.of(), List.of(), List.of());
    ExtractionResult result =
        new ExtractionResult(INFO, read(3), users, NOTHING, 12, 34, 50_150, 10, "cpu");

    assertThat(result.text(Path.of("work/knowledge")))
        .isEqualTo(
            """
            work/knowledge: 0 scenarios, 0 users; 1,003 prompts read at 100.3/s (5,015 tokens/s)\
             on cpu, 20 stored already, 12 lost 34 history items
            users without a vector: 5 below the threshold
            """);
  }

  @Test
  void anExtractionThatReadsNothingHasNoSpeed() {
    ExtractionResult result =
        new ExtractionResult(INFO, NOTHING, NOTHING, NOTHING, 0, 0, 0, 0, null);

    assertThat(result.text(Path.of("store")))
        .isEqualTo("store: 0 scenarios, 0 users; all stored already, nothing to read\n");
  }

  @Test
  void aPlanShowsPromptsLevelsAndTime() {
    PromptPreview prompts =
        new PromptPreview(
            64, List.of(), List.of(new PromptPreview.Item("u1", "likes: lamps", 3, 2)), List.of());
    ExtractionPlan plan =
        new ExtractionPlan(
            prompts,
            new PlannedLevel(read(2), 10, 40),
            new PlannedLevel(
                new Counts(1_500, 7, new Without(0, 9, 0, 0, 0), List.of(), List.of(), List.of()),
                4_500,
                9_000),
            new PlannedLevel(NOTHING, 0, 0),
            List.of("revision 1 in place of 2"),
            estimate(90.2, 2));

    assertThat(plan.text())
        .isEqualTo(
            """
            --- user u1: 3 of at most 64 tokens, 2 history items dropped
            likes: lamps
            level     to read  stored already  without vector  tokens  characters
            scenario        2               0               0      10          40
            user        1,500               7               9   4,500       9,000
            item            0               0               0       0           0
            The store that is there is of no use (revision 1 in place of 2): all is read, with --rebuild.
            users without a vector: 9 beyond the limit
            Reading takes about 91 s, by tokens: 2 of these prompts, with 1,000 tokens, took 1.50 s,\
             after others to warm up. Read were p0, p1.\
            """);
  }

  @Test
  void aLongTimeIsToldInMinutesAndTheFirstPromptsStandForMany() {
    assertThat(plan(5, estimate(1_800, 12)).text())
        .contains("Reading takes about 30 min, by tokens: 12 of these")
        .endsWith("Read were among others p0, p1, p2, p3, p4, p5, p6, p7, p8, p9.");
  }

  @Test
  void aTimeThatWasNotMeasuredIsNotEstimated() {
    assertThat(plan(5, null).text()).contains("No estimate of the time: nothing was read.");
    assertThat(plan(0, null).text()).endsWith("\nnothing to read");
  }

  private static ExtractionPlan plan(long read, @Nullable Estimate estimate) {
    PlannedLevel none = new PlannedLevel(NOTHING, 0, 0);
    return new ExtractionPlan(
        new PromptPreview(1, List.of(), List.of(), List.of()),
        new PlannedLevel(read(read), 0, 0),
        none,
        none,
        List.of(),
        estimate);
  }

  private static Estimate estimate(double seconds, int prompts) {
    List<String> names = IntStream.range(0, prompts).mapToObj(number -> "p" + number).toList();
    return new Estimate(seconds, names, 1_000, 1.5);
  }

  @Test
  void aSummaryHasALineOfEachLevel() {
    Range range = new Range(0.5, 1, 1.25);
    LevelSummary level = new LevelSummary(1_000, range, new Range(3, 5.4, 9), .25, 2, 3);
    LevelSummary none =
        new LevelSummary(
            0,
            new Range(Double.NaN, Double.NaN, Double.NaN),
            new Range(Double.NaN, Double.NaN, Double.NaN),
            Double.NaN,
            0,
            0);

    assertThat(new Summary(INFO, none, level, none).text())
        .isEqualTo(
            """
            words (7), K = 4, not complete: extract resumes where it stopped
            level     vectors                norm           tokens  mean cosine  shortened  dropped
            scenario        0     NaN / NaN / NaN  NaN / NaN / NaN          NaN          0        0
            user        1,000  0.50 / 1.00 / 1.25        3 / 5 / 9        0.250          2        3
            item            0     NaN / NaN / NaN  NaN / NaN / NaN          NaN          0        0
            """);
  }

  @Test
  void neighboursHaveTheirCosinesPromptsAndAnswers() {
    Neighbourhood nearest =
        new Neighbourhood(
            "u1",
            "likes: lamps",
            "light\nand dark\n",
            List.of(new Neighbour("u2", 0.98765, "likes: bulbs", null)));

    assertThat(nearest.text())
        .isEqualTo(
            """
            u1
                likes: lamps
              > light
                and dark
            0.988  u2
                likes: bulbs
            """);
  }

  @Test
  void aFileOfPromptsTellsItsCounts() {
    assertThat(new WrittenPrompts(2, 1_000, 0, 3, 40, false).text(Path.of("p.jsonl")))
        .isEqualTo("p.jsonl: 2 scenarios, 1,000 users, 0 items; 3 lost 40 history items");
  }
}

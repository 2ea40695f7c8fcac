package org.llm4msr.runtime.knowledge.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;

class ExtractionPlanTest {

  @TempDir Path folder;

  private final WordEncoder encoder = new WordEncoder();
  private final SmallLog log = SmallLog.of(200);

  /** Likes go from 1 to 7; of more than three items the oldest are dropped. */
  @Test
  void countsWhatWouldBeReadAndWritesNothing() {
    log.items.put("i1", "red lamp");
    log.items.put("i2", "");

    ExtractionPlan plan = plan(false, extractor(log)).plan();

    assertThat(plan.scenarios().counts().read()).isEqualTo(2);
    assertThat(plan.scenarios().tokens()).isEqualTo(4);
    assertThat(plan.scenarios().characters()).isEqualTo(13 + 15);
    assertThat(plan.users().counts().read()).isEqualTo(200);
    // 28 sevens with 5, 8 and five of 11 words; then users with 1 to 4 likes.
    assertThat(plan.users().tokens()).isEqualTo(28 * (5 + 8 + 5 * 11) + 5 + 8 + 11 + 11);
    assertThat(plan.items().counts().read()).isEqualTo(1);
    assertThat(plan.items().counts().empty()).containsExactly("i2");
    assertThat(plan.estimate()).isNull();
    assertThat(plan.prompts().users()).hasSize(3);
    assertThat(encoder.read).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void tellsWhatAnExtractionThenDoes() {
    extractor(log).extract(folder, false, Progress.NONE);
    log.users.put("u3", 7);
    log.users.put("new", 1);
    log.silent.add("u9");

    ExtractionPlan plan = plan(false, extractor(log)).plan();
    ExtractionResult result = extractor(log).extract(folder, false, Progress.NONE);

    assertThat(plan.scenarios().counts()).isEqualTo(result.scenarios());
    assertThat(plan.users().counts()).isEqualTo(result.users());
    assertThat(plan.read()).isEqualTo(2);
    assertThat(plan.tokens()).isEqualTo(result.tokens());
    assertThat(plan(true, extractor(log)).plan().read()).isEqualTo(2 + 200);
  }

  @Test
  void tellsThatAStoreIsOfNoUse() {
    extractor(log).extract(folder, false, Progress.NONE);
    encoder.revision = "2";

    ExtractionPlan plan = plan(false, extractor(log)).plan();

    assertThat(plan.mismatch()).containsExactly("encoder revision was 1 and is now 2");
    assertThat(plan.read()).isEqualTo(202);
  }

  @Test
  void tellsThatAnExtractionWouldEnd() {
    log.items.put("i0", "short");
    for (int i = 1; i <= 11; i++) {
      log.items.put("i" + i, "word ".repeat(13));
    }

    assertThatThrownBy(() -> plan(false, extractor(log)))
        .hasMessageContaining("[knowledge/PROMPT_TOO_LONG] the prompt has 13 tokens")
        .hasMessageContaining("Key i1.")
        .hasMessageContaining("the first of 11 that were refused");
  }

  @Test
  void whatAServiceAloneKnowsIsTakenForThatOfTheStore() {
    extractor(log).extract(folder, false, Progress.NONE);
    encoder.asked = false;

    ExtractionPlan plan = plan(false, extractor(log)).plan();

    assertThat(plan.mismatch()).isEmpty();
    assertThat(plan.read()).isZero();
  }

  @Test
  void equalPromptsOfEarlierPeriodsAreReadOnce() {
    SmallLog earlier = SmallLog.of(200);
    earlier.users.put("u0", 2);
    earlier.users.keySet().removeAll(List.of("u1", "u2"));
    Map<Path, KnowledgeExtractor> stores = new LinkedHashMap<>();
    stores.put(folder.resolve("whole"), extractor(log));
    stores.put(folder.resolve("before"), extractor(earlier));

    ExtractionPlan plan = extractor(log).plan(stores, false, 3, Progress.NONE).plan();

    assertThat(plan.users().counts().read()).isEqualTo(200 + 1);
    assertThat(plan.users().counts().stored()).isEqualTo(197);
    assertThat(plan.scenarios().counts().read()).isEqualTo(2);
  }

  @Test
  void isTimedBySomeOfItsPrompts() {
    DrawnPlan drawn = plan(false, extractor(log));

    ExtractionPlan.Estimate estimate = drawn.timed(encoder).estimate();

    assertThat(encoder.callSizes).containsExactly(1, 4, 16, 64, 64, 53);
    assertThat(estimate.measuredPrompts()).hasSize(64).doesNotHaveDuplicates();
    assertThat(estimate.measuredTokens())
        .isEqualTo(
            encoder.read.stream()
                .skip(1 + 4 + 16 + 64)
                .limit(64)
                .mapToLong(encoder::countTokens)
                .sum());
    assertThat(estimate.seconds())
        .isCloseTo(
            estimate.measuredSeconds() * drawn.plan().tokens() / estimate.measuredTokens(),
            within(1e-9));
    assertThat(plan(false, extractor(log)).timed(encoder).estimate().measuredPrompts())
        .as("the same each time")
        .isEqualTo(estimate.measuredPrompts());
  }

  /** A text takes 1.1 s: of the calls of 1, 4 and 16 texts, the second ends after 5.5 s. */
  @Test
  void aSlowEncoderReadsFew() {
    AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000_000_000); // It passes the largest.
    encoder.change =
        vector -> {
          now.addAndGet(1_100_000_000);
          return vector;
        };

    ExtractionPlan.Estimate estimate =
        plan(false, extractor(log)).timed(encoder, now::get).estimate();

    assertThat(encoder.callSizes).containsExactly(1, 4);
    assertThat(estimate.measuredSeconds()).isEqualTo(4.4);
    assertThat(estimate.measuredPrompts()).hasSize(4);
  }

  /** A text takes 0.95 s: the calls of 1 and 4 texts end after 4.75 s, and 16 more are read. */
  @Test
  void anEncoderIsCalledAgainBeforeFiveSecondsHavePassed() {
    AtomicLong now = new AtomicLong();
    encoder.change =
        vector -> {
          now.addAndGet(950_000_000);
          return vector;
        };

    ExtractionPlan.Estimate estimate =
        plan(false, extractor(log)).timed(encoder, now::get).estimate();

    assertThat(encoder.callSizes).containsExactly(1, 4, 16);
    assertThat(estimate.measuredSeconds()).isEqualTo(15.2);
  }

  @Test
  void hasNoTimeWhereThePromptsThatAreDrawnAreRefused() {
    log.users.keySet().retainAll(List.of("u0"));
    encoder.refuses = "scenario feed";

    ExtractionPlan plan = plan(false, extractor(log)).timed(encoder);

    assertThat(plan.estimate()).isNull();
    assertThat(plan.read()).isEqualTo(3);
  }

  private DrawnPlan plan(boolean rebuild, KnowledgeExtractor extractor) {
    return extractor.plan(Map.of(folder, extractor), rebuild, 3, Progress.NONE);
  }

  private KnowledgeExtractor extractor(SmallLog rows) {
    return new KnowledgeExtractor(
        rows,
        "data-1",
        rows,
        encoder,
        new KnowledgeExtractor.Settings(
            1, Chosen.ALL, false, !rows.items.isEmpty(), Precision.FLOAT16, List.of(), Map.of()),
        Duration.ofHours(1));
  }
}

package org.llm4msr.runtime.knowledge.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.LimitConfig;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.StoredLevel;
import org.llm4msr.runtime.knowledge.store.Without;
import org.slf4j.LoggerFactory;

class KnowledgeExtractorTest {

  @TempDir Path folder;

  private final WordEncoder encoder = new WordEncoder();
  private final SmallLog log = SmallLog.of(200);
  private final Map<String, String> configured = new TreeMap<>(Map.of("encoder.name", "words"));
  private LimitConfig limit = LimitConfig.NONE;

  @Test
  void storesOneVectorAScenarioAndAUser() {
    ExtractionResult result = extract(1);

    assertThat(result.read()).isEqualTo(202);
    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.info().scenarios()).isEqualTo(2);
    assertThat(store.info().users()).isEqualTo(200);
    // "u1 likes item 0 and item 1 ." has 8 words and 28 characters.
    assertThat(vector(store.users(), "u1")).containsExactly(8, 28 / 8f, 1);
    assertThat(vector(store.scenarios(), "2")).containsExactly(2, 15 / 8f, 1);
    assertThat(store.users().read("nobody", new float[3])).isFalse();
  }

  @Test
  void storesOneVectorForEachItemWithAText() {
    log.items.put("i1", "red running shoes");
    log.items.put("i2", " ");
    log.items.put("i3", "lamp");

    ExtractionResult result = extract(1);

    assertThat(result.read()).isEqualTo(204);
    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.info().items()).isEqualTo(2);
    // Three words, 17 characters.
    assertThat(vector(store.items(), "i1")).containsExactly(3, 17 / 8f, 1);
    assertThat(store.items().read("i2", new float[3])).isFalse();
    assertThat(KnowledgeInspection.summarize(store).items().count()).isEqualTo(2);
    assertThat(new KnowledgeInspection(store, log, log).nearest(Level.ITEM, "i1", 5).neighbours())
        .extracting(KnowledgeInspection.Neighbour::prompt)
        .containsExactly("lamp");
    assertThatThrownBy(() -> new KnowledgeInspection(store, log, log).nearest(Level.ITEM, "i2", 1))
        .hasMessageContaining("there is no knowledge of this item. Key i2. Items without a text");
  }

  @Test
  void itemsAreAddedToAStoreThatHasNone() {
    extract(1);
    assertThat(KnowledgeStore.open(folder).info().items()).isZero();
    log.items.put("i1", "lamp");

    ExtractionResult result = extract(1);

    assertThat(result.read()).isEqualTo(1);
    assertThat(result.stored()).isEqualTo(202);
    assertThat(KnowledgeStore.open(folder).info().items()).isEqualTo(1);
  }

  @Test
  void extractionWithoutItemsKeepsThoseThatAreThere() {
    StoreInfo none = extract(1).info();
    log.items.put("i1", "lamp");
    StoreInfo both = extract(1).info();
    assertThat(both.hasSame(none, false)).isTrue();
    assertThat(both.hasSame(none, true)).isFalse();
    log.items.clear();

    StoreInfo again = extract(1).info();

    assertThat(again).isEqualTo(both);
    assertThat(vector(KnowledgeStore.open(folder).items(), "i1")).containsExactly(1, 0.5f, 1);

    log.users.put("u3", 7);
    StoreInfo others = extract(1).info();
    assertThat(others.hasSame(both, false)).isFalse();
    assertThat(others.items()).isEqualTo(1);
    log.users.put("u3", 4);
    assertThat(extract(1).info()).isEqualTo(both);

    log.items.put("i1", "lamps");
    StoreInfo changed = extract(1).info();
    assertThat(changed.hasSame(both, false)).isTrue();
    assertThat(changed.hasSame(both, true)).isFalse();
  }

  @Test
  void itemsOfOtherDataOrOfAFillingThatBrokeOffAreNotRead() {
    log.items.put("i1", "lamp");
    encoder.change =
        vector -> {
          if (vector[0] == 1) {
            throw new IllegalStateException("broken");
          }
          return vector;
        };
    assertThatThrownBy(() -> extract(1)).hasMessageContaining("broken");
    log.items.clear();
    extract(1);
    assertThatThrownBy(() -> KnowledgeStore.open(folder).requireSource("data-1", true))
        .hasMessageContaining("[knowledge/NO_ITEMS]");

    encoder.change = vector -> vector;
    log.items.put("i1", "lamp");
    extract(1);
    KnowledgeStore.open(folder).requireSource("data-1", true);

    log.items.clear();
    extractor("data-2", 1, Precision.FLOAT16, Duration.ZERO).extract(folder, false, Progress.NONE);
    KnowledgeStore.open(folder).requireSource("data-2", false);
    assertThatThrownBy(() -> KnowledgeStore.open(folder).requireSource("data-2", true))
        .hasMessageContaining("does not have all items of this prepared data (data-2)");
  }

  /** Their hash covered all levels, and nothing said of items where they came from. */
  @Test
  void storesOfEarlierReleasesKeepTheirHashUntilSomethingChanges() throws IOException {
    log.items.put("i1", "lamp");
    extract(1);
    Path file = folder.resolve("store.json");
    ObjectMapper json = new ObjectMapper();
    ObjectNode description = (ObjectNode) json.readTree(Files.readAllBytes(file));
    description.put("content", "of all levels").remove(List.of("itemSource", "itemContent"));
    json.writeValue(file.toFile(), description);
    StoreInfo before = KnowledgeStore.open(folder).info();
    KnowledgeStore.open(folder).requireSource("data-1", true);

    assertThat(extract(1).info()).isEqualTo(before);
    log.items.clear();
    assertThat(extract(1).info()).isEqualTo(before);
    log.items.put("i1", "lamps");
    assertThat(extract(1).info().hasSame(before, true)).isFalse();
  }

  @Test
  void anEncoderThatLooksKeysUpIsAskedForItemsWithoutATextToo() {
    encoder.readsKeys = true;
    log.items.put("i1", "");

    extract(1);

    assertThat(encoder.expected.get(Level.ITEM)).containsExactly("i1");
    assertThat(encoder.read).contains("item i1");
  }

  @Test
  void dropsNoMoreHistoryThanItMust() {
    ExtractionResult result = extract(1);

    // n items take 3 + 3 n - 1 words; 12 words hold 3 items. Likes go from 1 to 7, so that of each
    // seven users four lose 1, 2, 3 and 4 items; 200 users are 28 sevens and likes 1 to 4.
    assertThat(result.shortened()).isEqualTo(28 * 4 + 1);
    assertThat(result.droppedHistory()).isEqualTo(28 * 10 + 1);
    assertThat(encoder.read).contains("u6 likes item 4 and item 5 and item 6 .");
    KnowledgeInspection.Summary summary =
        KnowledgeInspection.summarize(KnowledgeStore.open(folder));
    assertThat(summary.users().shortened()).isEqualTo(28 * 4 + 1);
    assertThat(summary.users().droppedHistory()).isEqualTo(28 * 10 + 1);
    assertThat(summary.users().tokens().max()).isEqualTo(11);
  }

  @Test
  void refusesPromptsThatDoNotFitWithoutHistory() {
    encoder.maxTokens = 2;

    assertThatThrownBy(() -> extract(1))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/PROMPT_TOO_LONG] the prompt has 3 tokens even without")
        .hasMessageContaining("at most 2 tokens. Key u0.");
    log.users.keySet().retainAll(List.of("u0", "u1"));
    assertThat(extract(1).users().refused()).containsExactly("u0", "u1");
  }

  @Test
  void whatIsFarTooLongIsNotTokenised() {
    encoder.counting = tokens -> tokens > 200 ? fail("tokenised") : tokens;
    log.items.put("long", "word ".repeat(1000));
    log.users.put("busy", 1000);

    ExtractionResult result = extract(1);

    assertThat(result.items().refused()).containsExactly("long");
    assertThat(result.users().refused()).isEmpty();
    // "busy likes item 997 and item 998 and item 999 ." has 11 words; 12 are read.
    assertThat(vector(KnowledgeStore.open(folder).users(), "busy")[0]).isEqualTo(11);
  }

  @Test
  void handsKeysToAnEncoderThatLooksThemUp() {
    encoder.readsKeys = true;
    encoder.maxTokens = 2;

    ExtractionResult result = extract(2);

    assertThat(encoder.expected.get(Level.SCENARIO)).containsExactly("1", "2");
    // Those with one item, 28 of seven kinds and u196, are left out.
    assertThat(encoder.expected.get(Level.USER)).hasSize(200 - 29).contains("u199");
    assertThat(encoder.read).hasSize(202 - 29).contains("scenario 1", "scenario 2", "user u199");
    assertThat(result.shortened()).isZero();
    // "user u8" has 7 characters.
    assertThat(vector(KnowledgeStore.open(folder).users(), "u8")).containsExactly(2, 7 / 8f, 1);
  }

  @Test
  void storesNothingWhereAnEncoderLacksKeys() {
    encoder.readsKeys = true;
    encoder.lacks = "u199";

    assertThatThrownBy(() -> extract(2)).hasMessage("lacks u199");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void leavesOutUsersBelowTheThreshold() {
    ExtractionResult result = extract(3);

    assertThat(result.users().without().belowThreshold()).isEqualTo(28 * 2 + 2);
    assertThat(vector(KnowledgeStore.open(folder).users(), "u2")).isNotNull();
    assertThat(KnowledgeStore.open(folder).users().read("u1", new float[3])).isFalse();
  }

  @Test
  void encodesPromptsOfOneLengthTogether() {
    extract(1);

    assertThat(encoder.callSizes).containsExactly(2, 64, 64, 64, 8);
    List<Integer> lengths = encoder.read.stream().skip(2).map(encoder::countTokens).toList();
    assertThat(lengths).isSorted();
  }

  @Test
  void readsNothingTwice() {
    extract(1);
    encoder.read.clear();
    log.users.put("u3", 7);
    log.users.put("new", 1);

    ExtractionResult again = extract(1);

    assertThat(again.stored()).isEqualTo(201);
    assertThat(encoder.read)
        .containsExactlyInAnyOrder("new likes item 0 .", "u3 likes item 4 and item 5 and item 6 .");
    assertThat(vector(KnowledgeStore.open(folder).users(), "u3")[0]).isEqualTo(11);
  }

  @Test
  void forgetsUsersWithoutAPrompt() throws IOException {
    extract(1);
    log.users.remove("u0");

    extract(1);

    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.users().read("u0", new float[3])).isFalse();
    assertThat(store.info().users()).isEqualTo(199);
    assertThat(vector(store.users(), "u197")[0]).isEqualTo(2 + 3 * (1 + 197 % 7));
    assertThat(StoredLevel.segments(folder, Level.USER)).hasSize(1);
  }

  @Test
  void refusesACountThatIsNone() {
    encoder.counting = count -> -1;
    assertThatThrownBy(() -> extract(1))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/TOKEN_COUNT] the encoder says that a prompt has -1 tok");
  }

  @Test
  void goesOnWhereItFailed() throws IOException {
    int[] left = {100};
    encoder.change =
        vector -> {
          if (left[0]-- == 0) {
            throw new IllegalStateException("model fell over");
          }
          return vector;
        };
    assertThatThrownBy(() -> extract(1)).hasMessage("model fell over");
    assertThatThrownBy(() -> KnowledgeStore.open(folder))
        .hasMessageContaining("[knowledge/INCOMPLETE]");
    encoder.change = vector -> vector;

    ExtractionResult result = extract(1);

    assertThat(result.stored()).isEqualTo(2 + 64);
    assertThat(result.read()).isEqualTo(200 - 64);
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(200);
  }

  @Test
  void storesWhatWasReadWhenItIsStopped() {
    KnowledgeExtractor stopped = extractor(1, Precision.FLOAT16, Duration.ofHours(1));
    assertThatThrownBy(
            () ->
                stopped.extract(
                    folder,
                    false,
                    (done, total) -> {
                      if (done == 2 + 64) {
                        stopped.requestStop();
                      }
                    }))
        .hasMessageContaining("[knowledge/STOPPED]");
    assertThat(encoder.callSizes).containsExactly(2, 64);

    assertThat(extract(1).stored()).isEqualTo(2 + 64);
  }

  @Test
  void anEncoderThatWaitsIsAskedToGiveUp() {
    KnowledgeExtractor stopped = extractor(1, Precision.FLOAT16, Duration.ofHours(1));
    encoder.change =
        vector -> {
          stopped.requestStop();
          throw new MsrException(ErrorType.EXTERNAL, "openai/GAVE_UP", "waited in vain");
        };

    assertThatThrownBy(() -> stopped.extract(folder, false, Progress.NONE))
        .hasMessageContaining("[knowledge/STOPPED]");
    assertThat(encoder.stops).isEqualTo(1);
  }

  @Test
  void keepsWhatEachCallHasRead() throws IOException {
    List<Long> parts = new ArrayList<>();
    extractor(1, Precision.FLOAT16, Duration.ofHours(1))
        .extract(folder, false, (done, total) -> parts.add(journalLines()));

    // Before, after the scenarios twice, after each of the calls of 64, 64, 64 and 8, at the end:
    // a line for the schema, and one a call.
    assertThat(parts).containsExactly(0L, 0L, 0L, 2L, 3L, 4L, 5L, 5L);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "store.json", "store.lock", "users-00001.arrow", "scenarios-00001.arrow");
    }
  }

  private long journalLines() {
    Path journal = folder.resolve("users-00001.arrow.journal.tmp");
    try (Stream<String> lines = Files.exists(journal) ? Files.lines(journal) : Stream.of()) {
      return lines.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void tellsTheSpeedOfWhatWasNotThereBefore() {
    extract(1);
    log.users.put("new", 1);
    List<String> details = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void update(long done, long total) {
            details.add(done + " of " + total);
          }

          @Override
          public void detail(long skipped, String remark) {
            details.add(skipped + " skipped, " + remark.replaceAll("[\\d,]+", "N"));
          }
        };

    extractor(1, Precision.FLOAT16, Duration.ZERO).extract(folder, false, progress);

    assertThat(details)
        .startsWith("0 skipped, ", "0 of 203")
        .endsWith("202 skipped, N tokens/s", "203 of 203");
  }

  @Test
  void recordsTheConfigurationAndWhatItHolds() {
    StoreInfo first = extract(1).info();
    assertThat(first.settings()).containsExactly(Map.entry("encoder.name", "words"));
    assertThat(extract(1).info().content()).isEqualTo(first.content()).hasSize(64);
    assertThat(KnowledgeStore.open(folder).info()).isEqualTo(first);

    log.users.put("u3", 7);
    assertThat(extract(1).info().content()).isNotEqualTo(first.content());
  }

  @Test
  void namesTheScenariosThereAre() {
    extract(1);
    KnowledgeInspection inspection = new KnowledgeInspection(KnowledgeStore.open(folder), log, log);

    assertThatThrownBy(() -> inspection.nearest(Level.SCENARIO, "99", 1))
        .hasMessageContaining("The scenarios are 1, 2.");
  }

  @Test
  void refusesAnotherEncoderTemplateOrPrecisionUnlessRebuilt() {
    extract(1);
    encoder.revision = "2";
    log.template = "fancy";

    assertThatThrownBy(() -> extract(1))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/STORE_MISMATCH]")
        .hasMessageContaining("encoder revision was 1 and is now 2")
        .hasMessageContaining("another prompt template")
        .hasMessageContaining("--rebuild");
    assertThat(KnowledgeStore.open(folder).info().encoder().revision()).isEqualTo("1");

    ExtractionResult rebuilt =
        extractor(1, Precision.FLOAT32, Duration.ofHours(1)).extract(folder, true, Progress.NONE);
    assertThat(rebuilt.read()).isEqualTo(202);
    assertThat(KnowledgeStore.open(folder).info().encoder().revision()).isEqualTo("2");
  }

  @Test
  void keepsTheStoreWhereNoOtherCanBeFilled() {
    extract(1);
    encoder.maxTokens = 2;

    assertThatThrownBy(
            () ->
                extractor(1, Precision.FLOAT16, Duration.ofHours(1))
                    .extract(folder, true, Progress.NONE))
        .hasMessageContaining("[knowledge/PROMPT_TOO_LONG]");
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(200);
  }

  @Test
  void mergesManySegments() throws IOException {
    for (int run = 1; run <= 20; run++) {
      IntStream.range(150 + 50 * run, 200 + 50 * run)
          .forEach(i -> log.users.put("u" + i, 1 + i % 7));
      extract(1);
    }

    // The 17th run has merged its segment with those before.
    assertThat(StoredLevel.segments(folder, Level.USER)).hasSize(4);
    assertThat(StoredLevel.segments(folder, Level.SCENARIO)).hasSize(1);
    KnowledgeStore store = KnowledgeStore.open(folder);
    for (int i = 0; i < 1200; i++) {
      assertThat(vector(store.users(), "u" + i)[0]).isEqualTo(2 + 3 * Math.min(1 + i % 7, 3));
    }
  }

  @Test
  void keepsGeneratedTextsAlsoOfAnotherStore(@TempDir Path other) {
    extract(1);
    KnowledgeStore first = KnowledgeStore.open(folder);
    encoder.read.clear();
    log.users.put("u3", 7);

    ExtractionResult copied =
        extractor(1, Precision.FLOAT16, Duration.ZERO).extract(other, false, first, Progress.NONE);

    assertThat(encoder.read).hasSize(1);
    assertThat(copied.stored()).isEqualTo(201);
    for (KnowledgeStore store : List.of(first, KnowledgeStore.open(other))) {
      StoredLevel scenarios = store.level(Level.SCENARIO);
      assertThat(scenarios.text(scenarios.find("1"))).isEqualTo("said scenario feed");
      assertThat(scenarios.text(scenarios.find("2"))).isEqualTo("said scenario search");
      StoredLevel users = store.level(Level.USER);
      assertThat(users.text(users.find("u4"))).isNull();
    }
  }

  @Test
  void previewEncodesNothing() {
    log.items.put("i1", "lamp");
    PromptPreview preview = extractor(1, Precision.FLOAT16, Duration.ZERO).preview(1);

    assertThat(preview.scenarios())
        .containsExactly(new PromptPreview.Item("1", "scenario feed", 2, 0));
    assertThat(preview.users())
        .containsExactly(new PromptPreview.Item("u0", "u0 likes item 0 .", 5, 0));
    assertThat(preview.items()).containsExactly(new PromptPreview.Item("i1", "lamp", 1, 0));
    assertThat(encoder.read).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void progressEndsAtTheTotal() {
    List<String> reports = new ArrayList<>();

    extractor(3, Precision.FLOAT16, Duration.ZERO)
        .extract(folder, false, (done, total) -> reports.add(done + "/" + total));

    assertThat(reports).startsWith("0/202").endsWith("202/202");
  }

  @Test
  void goesOnWithoutAPromptThatTheEncoderRefuses() {
    encoder.refuses = "u100 likes item 0 and item 1 and item 2 .";

    ExtractionResult result = extract(1);

    assertThat(result.users().refused()).containsExactly("u100");
    assertThat(result.users().without()).isEqualTo(new Without(0, 0, 0, 0, 1));
    assertThat(result.read()).isEqualTo(201);
    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.users().read("u100", new float[3])).isFalse();
    assertThat(store.info().usersWithout()).isEqualTo(new Without(0, 0, 0, 0, 1));
    assertThat(extract(1).info()).as("refused again").isEqualTo(store.info());

    encoder.refuses = null;
    ExtractionResult again = extract(1);
    assertThat(again.read()).isEqualTo(1);
    assertThat(again.info().content()).isNotEqualTo(store.info().content());
    assertThat(vector(KnowledgeStore.open(folder).users(), "u100")).isNotNull();
  }

  @Test
  void aChangedPromptThatIsRefusedLosesItsFormerVector() {
    extract(1);
    log.users.put("u3", 7);
    encoder.refuses = "u3 likes item 4 and item 5 and item 6 .";

    assertThat(extract(1).users().refused()).containsExactly("u3");

    assertThat(KnowledgeStore.open(folder).users().read("u3", new float[3])).isFalse();
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(199);
  }

  @Test
  void endsWhereMostPromptsAreRefused() {
    encoder.change =
        vector -> {
          if (vector[0] > 2) {
            throw new MsrException(ErrorType.EXTERNAL, "words/NO", "No.");
          }
          return vector;
        };

    assertThatThrownBy(() -> extract(1))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[words/NO] No. The prompt is that of user 'u0'. It was the first of 21 that were"
                + " refused, so that nothing more is read.");
  }

  @Test
  void goesOnWithoutAFewOfManyPromptsThatAreTooLong() {
    // Each 20th of the first 400 users, so that the 11th is among the first of them.
    log.users.clear();
    IntStream.range(0, 400).forEach(i -> log.users.put(i % 20 == 0 ? "a b c d " + i : "u" + i, 1));
    encoder.maxTokens = 5;

    ExtractionResult result = extract(1);

    assertThat(result.users().without()).isEqualTo(new Without(0, 0, 0, 0, 20));
    assertThat(result.users().read()).isEqualTo(380);
  }

  @Test
  void aScenarioThatIsRefusedEndsIt() {
    encoder.refuses = "scenario search";

    assertThatThrownBy(() -> extract(1))
        .hasMessage("[words/REFUSED] 1 texts are bad. The prompt is that of scenario '2'.");
  }

  @Test
  void anEmptyPromptIsNotReadAndNotTheEndOfTheRest() {
    log.silent.add("u7");
    log.items.put("i1", "lamp");
    log.items.put("i2", " ");

    ExtractionResult result = extract(1);

    assertThat(result.users().empty()).containsExactly("u7");
    assertThat(result.items().empty()).containsExactly("i2");
    assertThat(result.read()).isEqualTo(2 + 199 + 1);
    assertThat(encoder.read).doesNotContain(" \n", "", " ");
    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.users().read("u7", new float[3])).isFalse();
    assertThat(store.info().usersWithout()).isEqualTo(new Without(0, 0, 1, 0, 0));
    assertThat(store.info().itemsWithout()).isEqualTo(new Without(0, 0, 1, 0, 0));
  }

  /** "u0 likes ." has three words, and each item adds two or three. */
  @Test
  void aUserOfWhoseHistoryNothingFitsHasNoVector() {
    encoder.maxTokens = 4;

    ExtractionResult result = extract(1);

    assertThat(result.users().without()).isEqualTo(new Without(0, 0, 0, 200, 0));
    assertThat(result.users().withoutHistory()).hasSize(10).startsWith("u0", "u1");
    assertThat(KnowledgeStore.open(folder).info().users()).isZero();
    assertThat(encoder.read).containsExactly("scenario feed", "scenario search");
  }

  /** Users have 1 to 7 items in turn: u6, u13, ... have seven; i0 is liked by all, i6 by few. */
  @Test
  void aLimitLeavesThoseWithTheMostRows() {
    for (int i = 0; i < 8; i++) {
      log.items.put("i" + (7 - i), i == 5 ? "" : "item number " + i);
    }
    limit = new LimitConfig(30, 3);

    ExtractionResult result = extract(1);

    // 28 with seven items, u5 and u12 with six. i2 has no text.
    assertThat(result.users().read()).isEqualTo(30);
    assertThat(result.users().without()).isEqualTo(new Without(0, 170, 0, 0, 0));
    assertThat(result.items().without()).isEqualTo(new Without(0, 4, 1, 0, 0));
    KnowledgeStore store = KnowledgeStore.open(folder);
    assertThat(store.keys(Level.USER)).contains("u6", "u195", "u5", "u12").doesNotContain("u19");
    assertThat(store.keys(Level.ITEM)).containsExactlyInAnyOrder("i0", "i1", "i3");

    limit = new LimitConfig(31, null);
    configured.put("limit.users", "31");
    ExtractionResult more = extract(1);
    assertThat(more.stored()).isEqualTo(2 + 30 + 3);
    assertThat(more.users().read()).isEqualTo(1);
    assertThat(KnowledgeStore.open(folder).keys(Level.USER)).contains("u19");
  }

  @Test
  void aLowerLimitThrowsNothingAway() {
    extract(1);
    limit = new LimitConfig(150, null);
    configured.put("limit.users", "150");

    assertThatThrownBy(() -> extract(1))
        .hasMessageContaining(
            "[knowledge/LIMIT] knowledge.limit.users was not set and is now 150, so that 50 vectors"
                + " of users would be removed");
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(200);

    extractor(1, Precision.FLOAT16, Duration.ofDays(1)).extract(folder, true, Progress.NONE);
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(150);
    // Of other data, others are the first.
    log.users.put("u0", 9);
    assertThat(extract(1).users().read()).isEqualTo(1);
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(150);
  }

  @Test
  void aTemplateThatChangesNoStoredPromptChangesNoVector() {
    log.items.put("i1", "lamp");
    StoreInfo first = extract(1).info();
    log.template = "of items that nobody reads";
    Map<String, String> items = new TreeMap<>(log.items);
    log.items.clear();
    encoder.read.clear();

    StoreInfo kept = extract(1).info();

    assertThat(encoder.read).isEmpty();
    assertThat(kept.hasSame(first, true)).isTrue();
    assertThat(kept.template()).isNotEqualTo(first.template());
    assertThat(extract(1).info()).isEqualTo(kept);
    // Whether those of items are the same was not seen.
    assertThatThrownBy(() -> KnowledgeStore.open(folder).requireSource("data-1", true))
        .hasMessageContaining("[knowledge/NO_ITEMS]");
    log.items.putAll(items);
    assertThat(extract(1).info().hasSame(first, true)).isTrue();
    KnowledgeStore.open(folder).requireSource("data-1", true);
    assertThat(encoder.read).isEmpty();
  }

  @Test
  void aStoreThatWasKeptIsMergedWithOneThatIsNew(@TempDir Path other) {
    extract(1);
    log.template = "other";
    extract(1);
    log.users.put("late", 2);
    StoreInfo fresh =
        extractor(1, Precision.FLOAT16, Duration.ZERO)
            .extract(other.resolve("new"), false, Progress.NONE)
            .info();
    assertThat(KnowledgeStore.open(folder).info().identity()).isNotEqualTo(fresh.identity());

    KnowledgeStore both = KnowledgeStore.merge(folder, other.resolve("new"), other.resolve("both"));

    assertThat(both.info().users()).isEqualTo(201);
    assertThat(both.info().usersWithout()).isNull();
    assertThat(vector(both.users(), "u1")).containsExactly(8, 28 / 8f, 1);
    assertThat(vector(both.users(), "late")[0]).isEqualTo(8);
  }

  @Test
  void aTemplateThatChangesAStoredPromptIsRefused() {
    extract(1);
    log.template = "other";
    log.users.put("u3", 7);

    assertThatThrownBy(() -> extract(1))
        .hasMessageContaining("[knowledge/STORE_MISMATCH]")
        .hasMessageContaining("another prompt template");
  }

  /** Prompts have 2 to 11 words. */
  @Test
  void aTokenLimitThatNoStoredPromptReachesChangesNoVector() {
    log.users.entrySet().removeIf(user -> user.getValue() > 3);
    extract(1);
    encoder.read.clear();
    encoder.maxTokens = 11;
    extract(1);
    encoder.maxTokens = 40;
    assertThat(extract(1).info().encoder().maxTokens()).isEqualTo(40);
    assertThat(encoder.read).isEmpty();

    encoder.maxTokens = 10;
    assertThatThrownBy(() -> extract(1))
        .hasMessageContaining("longest prompt was 40 and is now 10");
    encoder.maxTokens = 12;
    log.users.put("long", 4);
    extract(1);
    encoder.maxTokens = 40;
    assertThatThrownBy(() -> extract(1))
        .as("the last has lost an item that would fit now")
        .hasMessageContaining("longest prompt was 12 and is now 40");
  }

  @Test
  void whereKeysAreLookedUpPromptsDoNotMatter() {
    encoder.readsKeys = true;
    StoreInfo first = extract(1).info();
    log.users.put("u3", 7);
    log.template = "other";
    encoder.read.clear();

    StoreInfo kept = extract(1).info();

    assertThat(encoder.read).isEmpty();
    assertThat(kept.hasSame(first, true)).isTrue();
  }

  @Test
  void namesTheFirstOfACallThatMaySucceedLater() {
    encoder.change =
        vector -> {
          throw new MsrException(ErrorType.EXTERNAL, "words/BUSY", "It is busy.", null, true);
        };

    assertThatThrownBy(() -> extract(1))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[words/BUSY] It is busy. The call has the prompts of scenario '")
        .hasMessageEndingWith("' and of 1 more.")
        .extracting(error -> ((MsrException) error).retryable())
        .isEqualTo(true);
    assertThat(encoder.callSizes).containsExactly(2);
  }

  @Test
  void tellsOfVectorsThatAreAllZeros() {
    assertThat(warnings(vector -> vector)).isEmpty();
    assertThat(warnings(vector -> new float[3]))
        .singleElement()
        .asString()
        .startsWith(
            "202 prompts got a vector of zeros from words, which tells nothing of them; the first"
                + " is that of scenario '");
  }

  @Test
  void tellsOfALevelWhoseVectorsAreAllEqual() {
    // Those of scenarios have two words, those of users eight or more.
    assertThat(warnings(vector -> vector[0] == 2 ? vector : new float[] {1, 1, 1}))
        .containsExactly(
            "All prompts of users got the same vector from words, though they differ: it tells"
                + " nothing of them. Look at them with --dry-run, and at what the encoder makes of"
                + " them.");
    assertThat(warnings(vector -> new float[] {1, 1, vector[0] == 8 ? 2 : 1}))
        .singleElement()
        .asString()
        .startsWith("All prompts of scenarios got the same vector");
  }

  private List<String> warnings(UnaryOperator<float[]> change) {
    ListAppender<ILoggingEvent> events = new ListAppender<>();
    events.start();
    Logger logger = (Logger) LoggerFactory.getLogger(UselessVectors.class);
    logger.addAppender(events);
    try {
      encoder.change = change;
      extractor(1, Precision.FLOAT16, Duration.ofDays(1)).extract(folder, true, Progress.NONE);
    } finally {
      logger.detachAppender(events);
    }
    return events.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void refusesBadVectors() {
    encoder.change = vector -> new float[] {70_000, 0, 0};
    assertThatThrownBy(() -> extract(1))
        .hasMessageContaining("[knowledge/TOO_LARGE_FOR_FLOAT16] element 0 is 70000.0");
    encoder.change = vector -> new float[] {0, Float.NaN, 0};
    assertThatThrownBy(() -> extract(1)).hasMessageContaining("[knowledge/NOT_FINITE]");
    encoder.change = vector -> new float[2];
    assertThatThrownBy(() -> extract(1)).hasMessageContaining("[knowledge/WRONG_DIMENSION]");
  }

  @Test
  void oneProcessFillsAtATime() throws IOException {
    encoder.change =
        vector -> {
          assertThatThrownBy(
                  () ->
                      extractor(1, Precision.FLOAT16, Duration.ZERO)
                          .extract(folder, false, Progress.NONE))
              .hasMessageContaining("[knowledge/LOCKED]");
          return vector;
        };
    extract(1);
    assertThat(Files.exists(folder.resolve("store.lock"))).isTrue();
  }

  private ExtractionResult extract(int minInteractions) {
    return extractor(minInteractions, Precision.FLOAT16, Duration.ofHours(1))
        .extract(folder, false, Progress.NONE);
  }

  private KnowledgeExtractor extractor(
      int minInteractions, Precision precision, Duration forceEvery) {
    return extractor("data-1", minInteractions, precision, forceEvery);
  }

  private KnowledgeExtractor extractor(
      String source, int minInteractions, Precision precision, Duration forceEvery) {
    return new KnowledgeExtractor(
        log,
        source,
        log,
        encoder,
        new KnowledgeExtractor.Settings(
            minInteractions,
            Chosen.of(log, limit, encoder.readsKeys),
            false,
            !log.items.isEmpty(),
            precision,
            List.of(),
            configured),
        forceEvery);
  }

  private static float[] vector(KnowledgeSource source, String key) {
    float[] vector = new float[source.dimension()];
    assertThat(source.read(key, vector)).as(key).isTrue();
    return vector;
  }
}

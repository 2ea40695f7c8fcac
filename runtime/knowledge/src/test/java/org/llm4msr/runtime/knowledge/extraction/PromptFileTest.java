package org.llm4msr.runtime.knowledge.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.data.prepared.TrainingLog;

class PromptFileTest {

  @TempDir Path folder;

  private final WordEncoder encoder = new WordEncoder();
  private final SmallLog log = SmallLog.of(200);

  @Test
  void holdsTheTextsThatTheEncoderReads() throws IOException {
    log.items.put("i1", "red \"running\"\nshoes \uD83D\uDC5F");
    log.items.put("i2", " ");
    encoder.maxTokens = 9;

    WrittenPrompts written = write(encoder, file("prompts.jsonl"), false);
    ExtractionResult extracted =
        extractor(log, encoder, 1).extract(folder.resolve("store"), false, Progress.NONE);

    List<JsonNode> lines = lines(file("prompts.jsonl"));
    assertThat(texts(lines)).containsExactlyInAnyOrderElementsOf(encoder.read);
    assertThat(written).isEqualTo(new WrittenPrompts(2, 200, 1, 142, 423, false));
    assertThat(written.shortened()).isEqualTo(extracted.shortened());
    assertThat(written.droppedHistory()).isEqualTo(extracted.droppedHistory());
    assertThat(lines.get(0).toString())
        .isEqualTo(
            "{\"level\":\"scenario\",\"key\":\"1\",\"text\":\"scenario"
                + " feed\",\"droppedHistory\":0}");
    assertThat(lines.get(8).toString())
        .isEqualTo(
            "{\"level\":\"user\",\"key\":\"u6\",\"text\":\"u6 likes item 5 and item 6"
                + " .\",\"droppedHistory\":5}");
    assertThat(lines.get(202).path("key").asText()).isEqualTo("i1");
  }

  @Test
  void withoutAnEncoderPromptsAreWholeAndEveryKeyThatIsLookedUpHasOne() throws IOException {
    log.items.put("i1", "lamp");
    log.items.put("i2", " ");
    log.users.put("u0", 90);

    WrittenPrompts written = write(new NoEncoder(), file("prompts.jsonl.gz"), false);

    assertThat(written).isEqualTo(new WrittenPrompts(2, 200, 2, 0, 0, false));
    List<JsonNode> lines = lines(file("prompts.jsonl.gz"));
    assertThat(lines.get(2).path("text").asText()).contains("item 0 and ").contains("item 89 .");
    encoder.readsKeys = true;
    extractor(log, encoder, 1).extract(folder.resolve("store"), false, Progress.NONE);
    for (Level level : Level.values()) {
      assertThat(encoder.expected.get(level))
          .isEqualTo(
              lines.stream()
                  .filter(line -> line.path("level").asText().equalsIgnoreCase(level.name()))
                  .map(line -> line.path("key").asText())
                  .toList());
    }
  }

  @Test
  void usersBelowTheThresholdHaveNone() throws IOException {
    long users = extractor(log, new NoEncoder(), 7).write(at("p.jsonl"), Progress.NONE).users();

    assertThat(users).isEqualTo(28);
    assertThat(lines(file("p.jsonl"))).hasSize(30);
  }

  @Test
  void promptsAreWrittenOneByOne() {
    List<Long> sizes = new ArrayList<>();
    TrainingLog watched = new ManyUsers(log, 20_000, () -> sizes.add(size(file("p.jsonl.tmp"))));

    extractor(watched, new NoEncoder(), 1).write(at("p.jsonl"), Progress.NONE);

    assertThat(size(file("p.jsonl"))).isGreaterThan(1_000_000);
    for (int i = 2000; i < sizes.size(); i += 2000) {
      assertThat(sizes.get(i)).isBetween(50L * i, 200L * i).isGreaterThan(sizes.get(i - 1000));
    }
  }

  @Test
  void afterAFailureNothingIsThereAndAnOlderFileStays() throws IOException {
    TrainingLog broken =
        new ManyUsers(
            log,
            50,
            () -> {
              throw new IllegalStateException("broken");
            });
    KnowledgeExtractor extractor = extractor(broken, new NoEncoder(), 1);
    Files.writeString(file("old.jsonl"), "old");

    assertThatThrownBy(() -> extractor.write(at("new.jsonl"), Progress.NONE)).hasMessage("broken");
    assertThatThrownBy(() -> extractor.write(PromptFile.at(file("old.jsonl"), true), Progress.NONE))
        .hasMessage("broken");

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file("old.jsonl"));
    }
    assertThat(file("old.jsonl")).hasContent("old");
  }

  @Test
  void anExistingFileIsKeptUnlessItIsToBeReplaced() throws IOException {
    Files.writeString(file("p.jsonl"), "old");

    assertThatThrownBy(() -> at("p.jsonl"))
        .hasMessageContaining("[knowledge/EXISTS] ")
        .hasMessageContaining("p.jsonl already exists. Choose another file, or add --force.");
    write(new NoEncoder(), file("p.jsonl"), true);

    assertThat(lines(file("p.jsonl"))).hasSize(202);
  }

  @Test
  void otherFormatsAndMissingFoldersAreRefused() {
    assertThatThrownBy(() -> at("p.csv"))
        .hasMessageContaining("[knowledge/FORMAT] ")
        .hasMessageContaining("p.csv must end in .jsonl or .jsonl.gz.");
    assertThatThrownBy(() -> at("none/p.jsonl"))
        .hasMessageContaining("[knowledge/NO_FOLDER] There is no folder ");
  }

  @Test
  void halfASymbolIsWritten() throws IOException {
    log.items.put("i1", "half \uD83D of it");

    write(new NoEncoder(), file("p.jsonl"), false);

    assertThat(lines(file("p.jsonl")).get(202).path("text").asText()).isEqualTo("half ? of it");
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private PromptFile at(String name) {
    return PromptFile.at(file(name), false);
  }

  private WrittenPrompts write(KnowledgeEncoder reader, Path file, boolean force) {
    return extractor(log, reader, 1).write(PromptFile.at(file, force), Progress.NONE);
  }

  private KnowledgeExtractor extractor(TrainingLog rows, KnowledgeEncoder reader, int least) {
    KnowledgeExtractor.Settings settings =
        new KnowledgeExtractor.Settings(
            least, Chosen.ALL, false, !log.items.isEmpty(), Precision.FLOAT32, List.of(), Map.of());
    return new KnowledgeExtractor(rows, "data-1", log, reader, settings, Duration.ZERO);
  }

  private static long size(Path file) {
    return file.toFile().length();
  }

  private static List<String> texts(List<JsonNode> lines) {
    return lines.stream().map(line -> line.path("text").asText()).toList();
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    ObjectMapper mapper = new ObjectMapper();
    try (var bytes = Files.newInputStream(file);
        var reader =
            new BufferedReader(
                new InputStreamReader(
                    file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes,
                    StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(mapper.readTree(line));
      }
    }
    return lines;
  }

  /** The log of a double with other users, each of whom is followed by an action. */
  private record ManyUsers(SmallLog log, int count, Runnable action) implements TrainingLog {

    @Override
    public List<ScenarioStatistics> scenarioStatistics() {
      return log.scenarioStatistics();
    }

    @Override
    public long users() {
      return count;
    }

    @Override
    public void forEachUser(Consumer<UserHistory> visitor) {
      var event = new UserHistory.Event("feed", "i", "an item that is described in some words");
      for (int user = 0; user < count; user++) {
        visitor.accept(new UserHistory("u" + user, "", List.of(event)));
        action.run();
      }
    }

    @Override
    public void forEachItem(Consumer<ItemText> visitor) {}
  }
}

package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

/** Commands that extract knowledge and look at it. */
class KnowledgeCommandsTest {

  private static final Path FIXTURES =
      Path.of(System.getProperty("llm4msr.root"))
          .resolve("plugins-llm/src/test/resources/org/llm4msr/plugins/llm/decoder");

  @TempDir static Path prepared;
  @TempDir Path place;
  private Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    SmallShop.write(prepared, 5, 0, 600, 12, List.of("a", "b", "c"));
    InProcess.run("data", "prepare", prepared.resolve("experiment.yaml").toString());
  }

  @BeforeEach
  void copy() throws IOException {
    folder = place.resolve("shop");
    Folders.copy(prepared, folder);
  }

  @Test
  void aDecodersAnswersAreExtractedAndShown() throws Exception {
    Path experiment = folder.resolve("experiment.yaml");
    String encoder =
        "encoder: {name: decoder, model: '%s', tokenizer: '%s', position: generated-end, generatedTokens: 8}"
            .formatted(FIXTURES.resolve("llama3"), FIXTURES.resolve("stories260k"));
    Files.writeString(
        experiment,
        Files.readString(experiment).replace("encoder: {name: hash, dimension: 16}", encoder));

    assertThat(InProcess.run("knowledge", "extract", experiment.toString()))
        .contains("3 scenarios, 12 users; 15 prompts read");
    assertThat(InProcess.run("knowledge", "extract", experiment.toString()))
        .contains("all stored already");
    InProcess.Outcome elsewhere =
        InProcess.start(
            "knowledge",
            "extract",
            experiment.toString(),
            "-Dknowledge.encoder.tokenizer=" + FIXTURES.resolve("llama3/../stories260k"));
    assertThat(elsewhere.out()).contains("all stored already");
    assertThat(elsewhere.err())
        .contains("knowledge.encoder.tokenizer was ", "Add --rebuild to extract them again");
    InProcess.run("knowledge", "extract", experiment.toString());
    // Another size of batches changes no vector.
    InProcess.run("train", experiment.toString(), "-Dknowledge.encoder.batchTokens=64");

    String shown =
        InProcess.run("knowledge", "inspect", experiment.toString(), "--user", "3", "--json");
    JsonNode near = new ObjectMapper().readTree(shown);
    assertThat(near.path("prompt").asText()).contains("title");
    assertThat(near.path("generated").asText()).isNotEmpty();
    assertThat(near.at("/neighbours/0/generated").asText()).isNotEmpty();
    assertThat(InProcess.run("knowledge", "inspect", experiment.toString(), "--user", "3"))
        .contains("  > " + near.path("generated").asText().strip().split("\n")[0]);
  }

  @Test
  void promptsAreWrittenForATool() throws Exception {
    // Its files are made of the prompts, so they do not exist yet.
    String[] precomputed = {
      "-Dknowledge.encoder={name: precomputed, users: users.csv, scenarios: scenarios.csv, items:"
          + " items.csv}",
      "-Dknowledge.items={}"
    };

    assertThat(
            InProcess.run(
                "knowledge",
                "prompts",
                experiment(),
                "--out",
                file("prompts.jsonl"),
                precomputed[0],
                precomputed[1]))
        .contains("/prompts.jsonl: 3 scenarios, 12 users, 148 items; 0 lost 0 history items");
    List<String> prompts = Files.readAllLines(folder.resolve("prompts.jsonl"));
    for (String level : List.of("user", "scenario", "item")) {
      StringBuilder vectors = new StringBuilder("key,a,b\n");
      for (String line : prompts) {
        JsonNode prompt = new ObjectMapper().readTree(line);
        if (prompt.path("level").asText().equals(level)) {
          String text = prompt.path("text").asText();
          vectors.append(
              "%s,%d,%d\n"
                  .formatted(prompt.path("key").asText(), text.length(), text.hashCode() % 1000));
        }
      }
      Files.writeString(folder.resolve(level + "s.csv"), vectors);
    }

    assertThat(InProcess.run("knowledge", "extract", experiment(), precomputed[0], precomputed[1]))
        .contains("3 scenarios, 12 users, 148 items; 163 prompts read");
    InProcess.Outcome again =
        InProcess.start("knowledge", "prompts", experiment(), "--out", file("prompts.jsonl"));
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err())
        .contains("[knowledge/EXISTS] " + file("prompts.jsonl") + " already exists.");
    assertThat(
            InProcess.run(
                "knowledge",
                "prompts",
                experiment(),
                "--out",
                file("prompts.jsonl"),
                "--force",
                "--fit",
                "-Dknowledge.encoder.maxTokens=30"))
        .containsPattern("3 scenarios, 12 users, 0 items; 12 lost [1-9]\\d+ history items");
  }

  @Test
  void aThresholdThatNobodyReachesIsTold() throws Exception {
    InProcess.Outcome outcome =
        InProcess.start("knowledge", "extract", experiment(), "-Dknowledge.minInteractions=601");

    assertThat(outcome.out()).contains("3 scenarios, 0 users");
    assertThat(outcome.err())
        .contains("No user has knowledge: each has fewer positive training rows than")
        .contains("knowledge.minInteractions, 601, in " + experiment());
  }

  @Test
  void aDryRunTellsWhatAnExtractionReads() throws Exception {
    JsonNode plan = json("knowledge", "extract", experiment(), "--dry-run", "--json");
    assertThat(folder.resolve("work/knowledge")).doesNotExist();
    assertThat(plan.at("/users/counts/read").asLong()).isEqualTo(12);
    assertThat(plan.at("/estimate/measuredPrompts")).hasSize(10);
    assertThat(plan.at("/estimate/seconds").asDouble()).isPositive();
    JsonNode result = json("knowledge", "extract", experiment(), "--json");
    assertThat(result.path("tokens").asLong())
        .isPositive()
        .isEqualTo(plan.at("/scenarios/tokens").asLong() + plan.at("/users/tokens").asLong());
    assertThat(InProcess.run("knowledge", "extract", experiment(), "--dry-run"))
        .containsPattern("user +0 +12 +0 +0 +0")
        .endsWith("nothing to read\n");

    // No service is there.
    InProcess.Outcome service =
        InProcess.start(
            "knowledge",
            "extract",
            experiment(),
            "--dry-run",
            "--prompts=0",
            "-Dknowledge.encoder={name: openai, url: 'http://localhost:9/v1', model: m}");
    assertThat(service.code()).as(service.err()).isZero();
    assertThat(service.err()).contains("Tokens are counted as bytes");
    assertThat(service.out())
        .contains("is of no use (encoder model was hash and is now m;")
        .containsPattern("user +12 +0 +0")
        .contains("No estimate of the time: nothing was read. Add --measure");
  }

  @Test
  void aLimitIsOfTheTraining() throws Exception {
    String limit = "-Dknowledge.limit.users=5";

    assertThat(InProcess.run("knowledge", "extract", experiment(), limit))
        .contains("3 scenarios, 5 users; 8 prompts read")
        .contains("users without a vector: 7 beyond the limit");
    assertThat(InProcess.run("knowledge", "inspect", experiment(), limit))
        .contains("users without a vector: 7 beyond the limit");
    InProcess.Outcome other = InProcess.start("train", experiment());
    assertThat(other.err()).contains("knowledge.limit.users was 5 and is now not set");
    InProcess.run("train", experiment(), limit);
    InProcess.run("evaluate", experiment(), limit);
    // A setting of prompts of items, which nobody reads: the run keeps its knowledge.
    String unread = "-Dknowledge.prompts.maxItemPromptLength=99";
    assertThat(InProcess.run("knowledge", "extract", experiment(), limit, unread))
        .contains("all stored already");
    InProcess.run("evaluate", experiment(), limit, unread);
  }

  private String experiment() {
    return file("experiment.yaml");
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static JsonNode json(String... arguments) throws IOException {
    return new ObjectMapper().readTree(InProcess.run(arguments));
  }
}

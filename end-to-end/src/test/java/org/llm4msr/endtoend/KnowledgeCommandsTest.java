package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Knowledge through the launcher, as a user extracts and looks at it. */
class KnowledgeCommandsTest {

  private static final Path FIXTURES =
      Path.of(System.getProperty("llm4msr.root"))
          .resolve("plugins-llm/src/test/resources/org/llm4msr/plugins/llm/decoder");

  @TempDir Path folder;

  @Test
  void aDecodersAnswersAreExtractedAndShown() throws Exception {
    SmallShop.write(folder, 5, 0, 600, 12, List.of("a", "b", "c"));
    Path experiment = folder.resolve("experiment.yaml");
    String encoder =
        "encoder: {name: decoder, model: '%s', tokenizer: '%s', position: generated-end, generatedTokens: 8}"
            .formatted(FIXTURES.resolve("llama3"), FIXTURES.resolve("stories260k"));
    Files.writeString(
        experiment,
        Files.readString(experiment).replace("encoder: {name: hash, dimension: 16}", encoder));
    Cli cli = new Cli(folder);
    run(cli, "data", "prepare", experiment.toString());

    assertThat(run(cli, "knowledge", "extract", experiment.toString()))
        .contains("3 scenarios, 12 users; 15 prompts read");
    assertThat(run(cli, "knowledge", "extract", experiment.toString()))
        .contains("all stored already");
    Cli.Outcome elsewhere =
        cli.run(
            "knowledge",
            "extract",
            experiment.toString(),
            "-Dknowledge.encoder.tokenizer=" + FIXTURES.resolve("llama3/../stories260k"));
    assertThat(elsewhere.out()).contains("all stored already");
    assertThat(elsewhere.err())
        .contains("knowledge.encoder.tokenizer was ", "Add --rebuild to extract them again");
    run(cli, "knowledge", "extract", experiment.toString());
    // Another size of batches changes no vector.
    run(cli, "train", experiment.toString(), "-Dknowledge.encoder.batchTokens=64");

    String shown = run(cli, "knowledge", "inspect", experiment.toString(), "--user", "3", "--json");
    JsonNode near = new ObjectMapper().readTree(shown);
    assertThat(near.path("prompt").asText()).contains("title");
    assertThat(near.path("generated").asText()).isNotEmpty();
    assertThat(near.at("/neighbours/0/generated").asText()).isNotEmpty();
    assertThat(run(cli, "knowledge", "inspect", experiment.toString(), "--user", "3"))
        .contains("  > " + near.path("generated").asText().strip().split("\n")[0]);
  }

  @Test
  void promptsAreWrittenForATool() throws Exception {
    SmallShop.write(folder, 5, 0, 600, 12, List.of("a", "b", "c"));
    Cli cli = new Cli(folder);
    run(cli, "data", "prepare", "experiment.yaml");
    // Its files are made of the prompts, so they do not exist yet.
    String[] precomputed = {
      "-Dknowledge.encoder={name: precomputed, users: users.csv, scenarios: scenarios.csv, items:"
          + " items.csv}",
      "-Dknowledge.items={}"
    };

    assertThat(
            run(
                cli,
                "knowledge",
                "prompts",
                "experiment.yaml",
                "--out",
                "prompts.jsonl",
                precomputed[0],
                precomputed[1]))
        .contains("prompts.jsonl: 3 scenarios, 12 users, 148 items; 0 lost 0 history items");
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

    assertThat(run(cli, "knowledge", "extract", "experiment.yaml", precomputed[0], precomputed[1]))
        .contains("3 scenarios, 12 users, 148 items; 163 prompts read");
    Cli.Outcome again =
        cli.run("knowledge", "prompts", "experiment.yaml", "--out", "prompts.jsonl");
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("[knowledge/EXISTS] prompts.jsonl already exists.");
    assertThat(
            run(
                cli,
                "knowledge",
                "prompts",
                "experiment.yaml",
                "--out",
                "prompts.jsonl",
                "--force",
                "--fit",
                "-Dknowledge.encoder.maxTokens=30"))
        .containsPattern("3 scenarios, 12 users, 0 items; 12 lost [1-9]\\d+ history items");
  }

  @Test
  void aThresholdThatNobodyReachesIsTold() throws Exception {
    SmallShop.write(folder, 5, 0, 600, 12, List.of("a", "b", "c"));
    Cli cli = new Cli(folder);
    run(cli, "data", "prepare", "experiment.yaml");

    Cli.Outcome outcome =
        cli.run("knowledge", "extract", "experiment.yaml", "-Dknowledge.minInteractions=601");

    assertThat(outcome.out()).contains("3 scenarios, 0 users");
    assertThat(outcome.err())
        .contains("No user has knowledge: each has fewer positive training rows than")
        .contains("knowledge.minInteractions, 601, in experiment.yaml");
  }

  @Test
  void aDryRunTellsWhatAnExtractionReads() throws Exception {
    SmallShop.write(folder, 5, 0, 600, 12, List.of("a", "b", "c"));
    Cli cli = new Cli(folder);
    run(cli, "data", "prepare", "experiment.yaml");

    JsonNode plan = json(cli, "knowledge", "extract", "experiment.yaml", "--dry-run", "--json");
    assertThat(folder.resolve("work/knowledge")).doesNotExist();
    assertThat(plan.at("/users/counts/read").asLong()).isEqualTo(12);
    assertThat(plan.at("/estimate/measuredPrompts")).hasSize(10);
    assertThat(plan.at("/estimate/seconds").asDouble()).isPositive();
    JsonNode result = json(cli, "knowledge", "extract", "experiment.yaml", "--json");
    assertThat(result.path("tokens").asLong())
        .isPositive()
        .isEqualTo(plan.at("/scenarios/tokens").asLong() + plan.at("/users/tokens").asLong());
    assertThat(run(cli, "knowledge", "extract", "experiment.yaml", "--dry-run"))
        .containsPattern("user +0 +12 +0 +0 +0")
        .endsWith("nothing to read\n");

    // No service is there.
    Cli.Outcome service =
        cli.run(
            "knowledge",
            "extract",
            "experiment.yaml",
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
    SmallShop.write(folder, 5, 0, 600, 12, List.of("a", "b", "c"));
    Cli cli = new Cli(folder);
    run(cli, "data", "prepare", "experiment.yaml");
    String limit = "-Dknowledge.limit.users=5";

    assertThat(run(cli, "knowledge", "extract", "experiment.yaml", limit))
        .contains("3 scenarios, 5 users; 8 prompts read")
        .contains("users without a vector: 7 beyond the limit");
    assertThat(run(cli, "knowledge", "inspect", "experiment.yaml", limit))
        .contains("users without a vector: 7 beyond the limit");
    Cli.Outcome other = cli.run("train", "experiment.yaml");
    assertThat(other.err()).contains("knowledge.limit.users was 5 and is now not set");
    run(cli, "train", "experiment.yaml", limit);
    run(cli, "evaluate", "experiment.yaml", limit);
    // A setting of prompts of items, which nobody reads: the run keeps its knowledge.
    String unread = "-Dknowledge.prompts.maxItemPromptLength=99";
    assertThat(run(cli, "knowledge", "extract", "experiment.yaml", limit, unread))
        .contains("all stored already");
    run(cli, "evaluate", "experiment.yaml", limit, unread);
  }

  private static JsonNode json(Cli cli, String... arguments) throws Exception {
    return new ObjectMapper().readTree(run(cli, arguments));
  }

  private static String run(Cli cli, String... arguments) throws Exception {
    Cli.Outcome outcome = cli.run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome.out();
  }
}

package org.llm4msr.runtime.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Pooling;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;

/** Runs that end at any step, and go on, beside one that does not. */
@Tag("engine")
class ResumeTest {

  private static final int STEPS = 160;

  /** Several in a run of seconds: they fall where they fall, and must not matter. */
  private static final Duration OFTEN = Duration.ofMillis(150);

  @TempDir private static Path folder;
  private static TensorEngine engine;
  private static Path whole;

  private static final MemoryData DATA = MemoryData.of(2_500, 200, 0.9);
  private static final TrainingConfig CONFIG =
      TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 4, 64, 30, 0, Map.of());

  private static final class Death extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private static final Map<String, SequenceConfig> SEQUENCES =
      Map.of(
          "attended", TinySequences.of(null, Pooling.TARGET_ATTENTION, true, false),
          "meant", TinySequences.own(TinySequences.of(null, Pooling.MEAN, false, false)));

  @BeforeAll
  static void trainWithoutABreak() {
    engine = TinyModels.engine();
    whole = folder.resolve("whole");
    assertThat(train(whole, Duration.ZERO, 0).steps()).isEqualTo(STEPS);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** Before the first validation, at one, at the end of an epoch, in between, and at the end. */
  @ParameterizedTest
  @ValueSource(ints = {1, 30, 40, 77, 159})
  void endsAsIfItHadNotBeenBroken(int step) throws Exception {
    Path broken = folder.resolve("broken-" + step);
    assertThatThrownBy(() -> train(broken, OFTEN, step)).isInstanceOf(Death.class);

    assertThat(train(broken, OFTEN, 0).steps()).isEqualTo(STEPS);

    assertThat(contents(broken.resolve("checkpoints")))
        .containsExactlyEntriesOf(contents(whole.resolve("checkpoints")));
    assertThat(metrics(broken)).containsExactlyElementsOf(metrics(whole));
  }

  /** Weights, ages and another loss; the second training part has rows that weigh nothing. */
  @Test
  void endsAsIfItHadNotBeenBrokenWithWeights() throws Exception {
    MemoryData data =
        DATA.training(
            rows ->
                IntStream.range(0, rows.size())
                    .mapToObj(i -> rows.get(i).weighing(i % 5 / 2f).at(i * 60_000L))
                    .toList());
    TrainingConfig config =
        TinyModels.training(
            TinyModels.optimizer(Rule.ADAM, 0.01),
            4,
            64,
            30,
            0,
            Map.of("s1", 2.0),
            1.0,
            new LossConfig(LossConfig.Form.FOCAL, 2, 0.3, 0.1));
    Path unbroken = folder.resolve("weighed");
    Path broken = folder.resolve("weighed-broken");
    train(unbroken, Duration.ZERO, 0, data, config);
    assertThatThrownBy(() -> train(broken, OFTEN, 77, data, config)).isInstanceOf(Death.class);

    train(broken, OFTEN, 0, data, config);

    assertThat(contents(broken.resolve("checkpoints")))
        .containsExactlyEntriesOf(contents(unbroken.resolve("checkpoints")))
        .doesNotContainEntry(
            "state.json", contents(whole.resolve("checkpoints")).get("state.json"));
    assertThat(metrics(broken)).containsExactlyElementsOf(metrics(unbroken));
  }

  /** The past of a row is read anew, and pooled by parameters that are saved. */
  @Test
  void endsAsIfItHadNotBeenBrokenWithSequences() throws Exception {
    MemoryData data =
        DATA.training(
            rows ->
                IntStream.range(0, rows.size()).mapToObj(i -> rows.get(i).at(i % 300)).toList());
    ModelConfig model =
        TinySequences.with(
            TinyModels.model(new TinyModels.Towers(), new TinyModels.Knowing()), false, SEQUENCES);
    Path unbroken = folder.resolve("sequences");
    Path broken = folder.resolve("sequences-broken");
    train(unbroken, Duration.ZERO, 0, data, CONFIG, model);
    assertThatThrownBy(() -> train(broken, OFTEN, 77, data, CONFIG, model))
        .isInstanceOf(Death.class);

    train(broken, OFTEN, 0, data, CONFIG, model);

    assertThat(contents(broken.resolve("checkpoints")))
        .containsExactlyEntriesOf(contents(unbroken.resolve("checkpoints")));
    assertThat(metrics(broken)).containsExactlyElementsOf(metrics(unbroken));
  }

  /** Dropout of values draws the same rows after the break. */
  @Test
  void endsAsIfItHadNotBeenBrokenWithColdItems() throws Exception {
    ModelConfig model =
        ColdItemsModelTest.config(
            TinyModels.model(new TinyModels.Towers(), new TinyModels.Knowing()),
            new ColdItemsConfig("item", 50, 0.3, ColdItemsConfig.Form.MIX));
    Path unbroken = folder.resolve("cold");
    Path broken = folder.resolve("cold-broken");
    train(unbroken, Duration.ZERO, 0, DATA, CONFIG, model);
    assertThatThrownBy(() -> train(broken, OFTEN, 77, DATA, CONFIG, model))
        .isInstanceOf(Death.class);

    train(broken, OFTEN, 0, DATA, CONFIG, model);

    assertThat(contents(broken.resolve("checkpoints")))
        .containsExactlyEntriesOf(contents(unbroken.resolve("checkpoints")))
        .doesNotContainEntry(
            "state.json", contents(whole.resolve("checkpoints")).get("state.json"));
  }

  /** A weight of another value reads well. */
  @ParameterizedTest
  @ValueSource(strings = {"dense.safetensors", "optimizer.safetensors", "tables/user.arrow"})
  void aStateThatAnythingChangedIsRefused(String name) throws Exception {
    Path broken = folder.resolve("changed-" + name.replace('/', '-'));
    assertThatThrownBy(() -> train(broken, OFTEN, 77)).isInstanceOf(Death.class);
    Path file = lastState(broken).resolve(name);
    byte[] content = Files.readAllBytes(file);
    content[content.length / 2] ^= 1;
    Files.write(file, content);

    assertThatThrownBy(() -> train(broken, Duration.ZERO, 0))
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll("[training/DAMAGED_CHECKPOINT]", file + " has the checksum ");
    Files.delete(file);
    assertThatThrownBy(() -> train(broken, Duration.ZERO, 0))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining(file + " has the checksum of no file, and ");
  }

  private static Path lastState(Path run) throws IOException {
    Path checkpoints = run.resolve("checkpoints");
    String state = Files.readString(checkpoints.resolve("state.json"));
    return checkpoints.resolve(new ObjectMapper().readTree(state).path("last").asText());
  }

  @Test
  void stateThatNothingNamesIsNotTakenForThisRuns() throws Exception {
    Path broken = folder.resolve("littered");
    assertThatThrownBy(() -> train(broken, OFTEN, 41)).isInstanceOf(Death.class);
    Path checkpoints = broken.resolve("checkpoints");
    // Rubbish under the names of the states to come, and half a line.
    Files.createDirectories(checkpoints.resolve("step-00000060/tables"));
    Files.writeString(checkpoints.resolve("step-00000060/dense.safetensors"), "rubbish");
    Files.createDirectories(checkpoints.resolve("step-00000090.tmp/tables/sub"));
    Files.writeString(checkpoints.resolve("state.json.tmp"), "{");
    Files.writeString(
        broken.resolve("metrics.jsonl"),
        Files.readString(broken.resolve("metrics.jsonl")) + "{\"type\":\"st");

    train(broken, Duration.ZERO, 0);

    assertThat(contents(checkpoints))
        .containsExactlyEntriesOf(contents(whole.resolve("checkpoints")));
    assertThat(metrics(broken)).containsExactlyElementsOf(metrics(whole));
  }

  /** A process can die between the last state and the deletion of the one before. */
  @Test
  void aFinishedRunLeavesNoStateThatNothingNames() throws Exception {
    Path run = folder.resolve("finished");
    train(run, Duration.ZERO, 0);
    Path left = Files.createDirectories(run.resolve("checkpoints/step-00000030/tables"));

    train(run, Duration.ZERO, 0);

    assertThat(left.getParent()).doesNotExist();
    assertThat(contents(run.resolve("checkpoints")))
        .containsExactlyEntriesOf(contents(whole.resolve("checkpoints")));
  }

  /** Trains, and dies before step {@code death + 1} where that is not 0. */
  private static TrainingResult train(Path run, Duration checkpointEvery, int death) {
    return train(run, checkpointEvery, death, DATA, CONFIG);
  }

  private static TrainingResult train(
      Path run, Duration checkpointEvery, int death, MemoryData data, TrainingConfig config) {
    ModelConfig model = TinyModels.model(new TinyModels.Towers(), new TinyModels.Knowing());
    return train(run, checkpointEvery, death, data, config, model);
  }

  private static TrainingResult train(
      Path run,
      Duration checkpointEvery,
      int death,
      MemoryData data,
      TrainingConfig config,
      ModelConfig settings) {
    KnowledgeInputs knowledge =
        new KnowledgeInputs(
                TinyModels.knowledge(6, "u", MemoryData.USERS - 8),
                TinyModels.knowledge(6, "s", 3),
                Missing.LEARNED)
            .withItems(TinyModels.knowledge(6, "i", MemoryData.ITEMS - 3), Missing.LEARNED);
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            settings,
            config,
            TinyModels.SCORING,
            data,
            knowledge,
            TinySequences.inputs(TinySequences.events(300)))) {
      return new Trainer(model, data, config, run, checkpointEvery).train(diesAfter(death));
    }
  }

  private static Progress diesAfter(int death) {
    int epoch = 40;
    return (done, total) -> {
      long step = done / 2_500 * epoch + (done % 2_500 + 63) / 64;
      // Progress hears of a step before its checkpoint is written.
      if (death > 0 && step > death) {
        throw new Death();
      }
    };
  }

  /** The files below a folder: the text of state.json, checksums of the others. */
  private static Map<String, String> contents(Path root) throws Exception {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        String shown =
            file.endsWith("state.json")
                ? new String(bytes, UTF_8)
                : HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        contents.put(root.relativize(file).toString(), shown);
      }
    }
    return contents;
  }

  /** The lines without the time that they took. */
  private static List<String> metrics(Path run) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode object = (ObjectNode) new ObjectMapper().readTree(line);
      object.remove("rowsPerSecond");
      lines.add(object.toString());
    }
    return lines;
  }
}

package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.OptimizerConfig.Rule;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.engine.TensorEngine;

/** What listeners hear of a run of 64 steps in 4 epochs, and what they cannot break. */
@Tag("engine")
class TrainingListenerTest {

  private static final MemoryData DATA = MemoryData.of(1_000, 100, 0.9);
  private static final TrainingConfig CONFIG =
      TinyModels.training(TinyModels.optimizer(Rule.ADAM, 0.01), 4, 64);
  private static TensorEngine engine;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    engine = TinyModels.engine();
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** Watches two numbers that are added to the logit, and has one that nobody watches. */
  private static final class Watching implements FusionHeadFactory<TinyModels.NoConfig> {
    @Override
    public Class<TinyModels.NoConfig> configType() {
      return TinyModels.NoConfig.class;
    }

    @Override
    public FusionHead create(TinyModels.NoConfig config, FusionContext context) {
      Backbone backbone = context.backbone(context.model().layout());
      Parameter watched =
          context.model().parameter("gauge", new Shape(2), Initializer.zeros(), Decay.NO);
      context.model().watch(watched);
      Parameter other =
          context.model().parameter("alpha", new Shape(1), Initializer.zeros(), Decay.NO);
      return (pass, features) ->
          backbone
              .forward(pass, features)
              .logit()
              .add(watched.array().sum())
              .add(other.array().sum());
    }

    @Override
    public Set<ModelInput> requires(TinyModels.NoConfig config) {
      return Set.of();
    }
  }

  /** Writes down what it hears, and fails where it is told to. */
  private static final class Diary implements TrainingListener {
    private final List<String> lines = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<Validated> validations = new ArrayList<>();
    private final List<Ending> endings = new ArrayList<>();
    private final String failsAt;
    private int rowCalls;

    Diary() {
      this("");
    }

    Diary(String failsAt) {
      this.failsAt = failsAt;
    }

    private void hear(String event, long at) {
      lines.add(event + " " + at);
      if (event.equals(failsAt)) {
        throw new IllegalStateException("the pen is dry");
      }
    }

    @Override
    public void started(long step, long rows) {
      hear("started", step);
    }

    @Override
    public void rowsTrained(long done, long total) {
      rowCalls++;
      assertThat(total).isEqualTo(4_000);
    }

    @Override
    public void step(Step step) {
      steps.add(step);
      hear("step", step.step());
    }

    @Override
    public void epochEnded(int epoch) {
      hear("epochEnded", epoch);
    }

    @Override
    public void validated(Validated validated) {
      validations.add(validated);
      hear("validated", validated.validation().step());
    }

    @Override
    public void saving(long step) {
      hear("saving", step);
    }

    @Override
    public void saved(long step) {
      hear("saved", step);
    }

    @Override
    public void ended(Ending ending) {
      endings.add(ending);
      hear("ended", ending.step());
    }
  }

  private TrainingResult train(String run, Progress progress, TrainingListener... listeners) {
    try (TrainableModel model =
        ModelAssembly.assemble(
            engine,
            TinyModels.model(new TinyModels.Towers(), new Watching()),
            CONFIG,
            TinyModels.SCORING,
            DATA,
            null)) {
      Trainer trainer = new Trainer(model, DATA, CONFIG, folder.resolve(run));
      List.of(listeners).forEach(trainer::listen);
      return trainer.train(progress);
    }
  }

  @Test
  void hearsOfAllInOrder() throws IOException {
    Diary diary = new Diary();
    TrainingResult result = train("run", Progress.NONE, diary);

    assertThat(diary.lines)
        .containsExactly(
            "started 0",
            "epochEnded 0",
            "validated 16",
            "saving 16",
            "saved 16",
            "epochEnded 1",
            "validated 32",
            "saving 32",
            "saved 32",
            "epochEnded 2",
            "validated 48",
            "saving 48",
            "saved 48",
            "step 50",
            "epochEnded 3",
            "validated 64",
            "saving 64",
            "saved 64",
            "ended 64");
    assertThat(diary.rowCalls).isEqualTo(64);
    assertThat(diary.validations)
        .extracting(validated -> validated.validation().result().overall())
        .containsExactlyElementsOf(
            result.history().stream().map(validation -> validation.result().overall()).toList());
    assertThat(diary.endings)
        .containsExactly(new TrainingListener.Ending(TrainingListener.Outcome.FINISHED, 64, null));

    Diary again = new Diary();
    train("run", Progress.NONE, again);
    assertThat(again.lines).as("of a finished run").isEmpty();
  }

  /** Whatever its name: the trainer knows none. */
  @Test
  void seesTheValuesThatAModelWatchesAsTheMetricsDo() throws IOException {
    Diary diary = new Diary();
    train("run", Progress.NONE, diary);

    TrainingListener.Step step = diary.steps.get(0);
    assertThat(step.watched()).containsOnlyKeys("fusion/gauge/0", "fusion/gauge/1");
    assertThat(step.watched().get("fusion/gauge/0")).isNotZero();
    JsonNode line =
        Files.readAllLines(folder.resolve("run/metrics.jsonl")).stream()
            .map(TrainingListenerTest::json)
            .filter(node -> node.path("type").asText().equals("step"))
            .findFirst()
            .orElseThrow();
    assertThat(line.path("parameters")).hasSize(2);
    assertThat(line.path("parameters").path("fusion/gauge/1").floatValue())
        .isEqualTo(step.watched().get("fusion/gauge/1"));
    assertThat(line.path("loss").doubleValue()).isEqualTo(step.loss());
  }

  private static JsonNode json(String line) {
    try {
      return new ObjectMapper().readTree(line);
    } catch (IOException e) {
      throw new IllegalArgumentException(line, e);
    }
  }

  @Test
  void hearsThatARunWasStoppedAndResumed() {
    Diary first = new Diary();
    Thread caller = Thread.currentThread();
    assertThatThrownBy(() -> train("run", (done, total) -> caller.interrupt(), first))
        .hasMessageContaining("training/STOPPED");
    assertThat(Thread.interrupted()).isTrue();

    long step = first.endings.get(0).step();
    assertThat(first.endings)
        .containsExactly(new TrainingListener.Ending(TrainingListener.Outcome.STOPPED, step, null));
    assertThat(first.lines).endsWith("saving " + step, "saved " + step, "ended " + step);

    Diary second = new Diary();
    train("run", Progress.NONE, second);
    assertThat(second.lines).startsWith("started " + step).endsWith("ended 64");
  }

  @ParameterizedTest
  @ValueSource(strings = {"started", "step", "epochEnded", "validated", "saving", "saved"})
  void oneThatFailsEndsTrainingByNameAndBreaksNoCheckpoint(String event) throws IOException {
    train("whole", Progress.NONE);
    Diary dry = new Diary(event);
    Diary other = new Diary();

    MsrException error =
        catchThrowableOfType(() -> train("run", Progress.NONE, dry, other), MsrException.class);

    assertThat(error)
        .hasMessageStartingWith("[training/LISTENER_FAILED] The training listener ")
        .hasMessageContainingAll(Diary.class.getName(), "the pen is dry", "resumes from")
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThat(List.of(dry, other))
        .allSatisfy(
            diary -> {
              assertThat(diary.endings).hasSize(1);
              assertThat(diary.endings.get(0).outcome()).isEqualTo(TrainingListener.Outcome.FAILED);
              assertThat(diary.endings.get(0).reason()).isSameAs(error);
            });

    train("run", Progress.NONE);
    for (String file : List.of("state.json", "step-00000064/dense.safetensors")) {
      assertThat(folder.resolve("run/checkpoints").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("whole/checkpoints").resolve(file));
    }
  }

  @Test
  void oneThatFailsAtTheEndKeepsNoOtherFromHearingOfIt() {
    Diary dry = new Diary("ended");
    Diary other = new Diary();

    assertThatThrownBy(() -> train("run", Progress.NONE, dry, other))
        .hasMessageContaining("training/LISTENER_FAILED");

    assertThat(other.lines).endsWith("ended 64");
    assertThat(train("run", Progress.NONE).steps()).isEqualTo(64);
  }

  /** Progress is no listener of the user's: what it throws comes out as it is. */
  @Test
  void hearsOfWhatOthersFailIn() {
    Diary diary = new Diary();
    IllegalStateException failure = new IllegalStateException("not mine");

    assertThatThrownBy(
            () ->
                train(
                    "run",
                    (done, total) -> {
                      throw failure;
                    },
                    diary))
        .isSameAs(failure);

    assertThat(diary.endings)
        .containsExactly(new TrainingListener.Ending(TrainingListener.Outcome.FAILED, 1, failure));
  }
}

package org.llm4msr.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.util.Modules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.knowledge.extraction.Counts;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan.PlannedLevel;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.PromptPreview;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.Without;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.training.TrainingResult;
import org.llm4msr.runtime.training.TrainingResult.Labels;

/** Commands on stages that do nothing: what they ask for, print and answer. */
class StageCommandsTest {

  private static final Counts NOTHING =
      new Counts(0, 0, Without.NONE, List.of(), List.of(), List.of());

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private FakeStages stages;
  private Main main;
  private String file;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("e.yaml").toString();
    Files.writeString(
        Path.of(file),
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: mmoe, fusion: none }
        """);
    PluginRegistry plugins = ConfigPlugins.registry(folder.resolve("plugins"));
    stages = new FakeStages(ConfigLoader.standard(plugins));
    stages.trained = trained(false);
    stages.extracted = extracted(false);
    main =
        new Main(
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            folders ->
                Modules.override(new RuntimeModule(plugins))
                    .with(binder -> binder.bind(Stages.Opener.class).toInstance(stages)));
  }

  private static TrainingReport trained(boolean leaks) {
    TrainingResult result =
        new TrainingResult(
            8,
            8,
            null,
            List.of(),
            3,
            false,
            1,
            50,
            List.of(new Labels("feed", 10, 5, 10, 5)),
            List.of(),
            "cross-entropy");
    return new TrainingReport(
        Path.of("runs/a"),
        Path.of("runs/a/bundle"),
        result,
        "cpu",
        Calibration.NONE,
        leaks,
        false,
        MetricList.STANDARD.auc());
  }

  private static ExtractionResult extracted(boolean leaks) {
    StoreInfo info =
        StoreInfo.empty(
            new StoreInfo.Encoder("words", "1", "", "last", 4, 100),
            "",
            Precision.FLOAT16,
            "data",
            1,
            leaks,
            List.of(),
            Map.of());
    return new ExtractionResult(info, NOTHING, NOTHING, NOTHING, 0, 0, 0, 0, null);
  }

  private int run(String... arguments) {
    return main.run(arguments);
  }

  private String out() {
    return out.toString(UTF_8);
  }

  private String err() {
    return err.toString(UTF_8);
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out());
  }

  @Test
  void trainAsksForTheRunThatIsNamedAndPrintsItsReport() {
    int code = run("train", file, "--run", "a", "--bundle", "b", "--from", "c", "--force");

    assertThat(code).isZero();
    assertThat(stages.calls).containsExactly("train a bundle=b from=c force=true");
    assertThat(out()).isEqualTo(stages.trained.text() + "\n");
    assertThat(err()).isEmpty();
  }

  @Test
  void trainHasItsReportAsJson() throws IOException {
    assertThat(run("train", file, "--run", "a", "--json")).isZero();

    assertThat(json().at("/run").asText()).isEqualTo("runs/a");
    assertThat(json().at("/result/rowsPerSecond").asDouble()).isEqualTo(50);
    assertThat(json().at("/result/stillImproving").isBoolean()).isTrue();
    assertThat(json().has("text")).isFalse();
  }

  @Test
  void settingsOverrideThoseOfTheFile() {
    assertThat(run("train", file, "-Dtraining.epochs=9")).isZero();
    assertThat(stages.config().config().training().epochs()).isEqualTo(9);
    assertThat(stages.calls).hasSize(1);
  }

  @Test
  void aStageThatFailsForTheUserExitsWithTwoAndForTheDataWithOne() throws IOException {
    stages.during =
        () -> {
          throw new MsrException(ErrorType.USER, "training/OTHER_RUN", "use another name");
        };
    assertThat(run("train", file)).isEqualTo(2);
    assertThat(out()).isEmpty();
    assertThat(err()).isEqualTo("[training/OTHER_RUN] use another name\n");

    stages.during =
        () -> {
          throw new MsrException(ErrorType.DATA, "data/BROKEN", "a byte is wrong");
        };
    assertThat(run("evaluate", file, "--json")).isEqualTo(1);
    assertThat(json().at("/error/code").asText()).isEqualTo("data/BROKEN");
    assertThat(json().at("/error/type").asText()).isEqualTo("DATA");
  }

  /** As a signal does it: from a thread beside the one that trains. */
  @Test
  void anInterruptionStopsTrainingAndSaysSo() {
    CountDownLatch asked = new CountDownLatch(1);
    stages.onStop = asked::countDown;
    stages.during =
        () -> {
          new Thread(main.interruption()::begin).start();
          await(asked);
          throw new MsrException(ErrorType.USER, "training/STOPPED", "at step 3");
        };

    run("train", file, "--run", "a");

    assertThat(stages.calls).endsWith("stop");
    assertThat(err())
        .isEqualTo("Stopping; a checkpoint is being written.\n[training/STOPPED] at step 3\n");
    assertThat(out()).isEmpty();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void evaluatePrintsALineOfEachScenarioAndOfAllRows() {
    Metrics metrics = new Metrics("feed", 1_000, 250, Map.of("auc", .61234));
    Metrics overall = new Metrics(Metrics.OVERALL, 1_000, 250, Map.of("auc", .7));
    stages.evaluated =
        new EvaluationReport(
            Path.of("runs/a"),
            "validation",
            List.of("The feed"),
            new EvaluationResult(overall, List.of(metrics), List.of()),
            null,
            List.of(),
            null,
            true,
            true,
            false);

    int code =
        run("evaluate", file, "--run", "a", "--split", "validation", "--predictions", "p.csv");

    assertThat(code).isZero();
    assertThat(stages.calls).containsExactly("evaluate a validation predictions=p.csv");
    assertThat(out().lines().toList())
        .anySatisfy(line -> assertThat(line).matches("The feed +1,000 +250 +0\\.6123 .*"))
        .anySatisfy(line -> assertThat(line).matches("overall +1,000 +250 +0\\.7000 .*"))
        .endsWith("NOTE: " + Notice.LEAK.text());
  }

  @Test
  void extractPrintsWhatIsThere() {
    assertThat(run("knowledge", "extract", file, "--rebuild")).isZero();

    assertThat(stages.calls).containsExactly("extract rebuild=true");
    assertThat(out())
        .isEqualTo("work/knowledge: 0 scenarios, 0 users; all stored already, nothing to read\n");
  }

  @Test
  void extractMarksALeak() {
    stages.extracted = extracted(true);
    assertThat(run("knowledge", "extract", file)).isZero();
    assertThat(out()).endsWith("\nNOTE: " + Notice.LEAK.text() + "\n");
  }

  @Test
  void whatIsAcceptedIsKept() {
    assertThat(run("knowledge", "extract", file, "--accept")).isZero();
    assertThat(stages.calls).containsExactly("accept", "extract rebuild=false");

    stages.calls.clear();
    assertThat(run("knowledge", "extract", file, "--accept", "--rebuild")).isEqualTo(2);
    assertThat(err()).contains("--accept keeps what is stored, and --rebuild discards it");
    assertThat(stages.calls).isEmpty();
  }

  @Test
  void aDryRunExtractsNothing() {
    PlannedLevel none = new PlannedLevel(NOTHING, 0, 0);
    stages.planned =
        new ExtractionPlan(
            new PromptPreview(8, List.of(), List.of(), List.of()),
            none,
            none,
            none,
            List.of(),
            null);

    assertThat(run("knowledge", "extract", file, "--dry-run", "--no-measure", "--prompts", "7"))
        .isZero();
    assertThat(stages.calls).containsExactly("plan rebuild=false prompts=7 measured=false");
    assertThat(out()).isEqualTo(stages.planned.text() + "\n");

    assertThat(run("knowledge", "extract", file, "--dry-run", "--prompts", "-1")).isEqualTo(2);
    assertThat(err()).contains("--prompts is -1; a whole number of at least 0 is expected");
  }

  @Test
  void prepareTakesAMemoryLimitAsASetting() {
    stages.during =
        () -> {
          throw new MsrException(ErrorType.RESOURCES, "data/MEMORY", "too little");
        };

    assertThat(run("data", "prepare", file, "--memory", "3GB", "--force", "--extend", "old"))
        .isEqualTo(1);
    assertThat(stages.calls).containsExactly("prepare force=true extend=old");
    assertThat(stages.settings).containsExactly("runtime.memory=3GB");
  }
}

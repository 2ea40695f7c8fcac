package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Module;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Progress;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.ModelModule;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RunModule;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** An embedder's backbone, encoder and engine in place of those that the file names. */
class ReplacedPartsTest {

  /** Where the backbone computed. */
  private static final List<String> ENGINES = new ArrayList<>();

  private static final AtomicInteger EVALUATORS = new AtomicInteger();

  @TempDir static Path folder;
  private static Path bundle;
  private static ExtractionResult extracted;
  private static float[] evaluated;
  private static Path rows;

  /** Replaces encoder and engine. */
  private static class WithoutBackbone extends AbstractModule {
    private static final RuntimeConfig CONFIG =
        new RuntimeConfig("PyTorch", "cpu", 1, "1GB", 0, false);

    @Override
    protected void configure() {
      bind(RuntimeConfig.class).toInstance(CONFIG);
      bind(RunModule.ENCODER).toInstance(PluginChoice.of("lengths", new Lengths(), new None()));
    }

    @Provides
    @Singleton
    TensorEngine engine() {
      return TensorEngine.open(CONFIG);
    }
  }

  /** Replaces backbone and evaluator as well. */
  private static final class Own extends WithoutBackbone {
    @Override
    protected void configure() {
      super.configure();
      bind(ModelModule.BACKBONE)
          .toInstance(PluginChoice.of("linear", new Linear(), new Deviation(0.5)));
    }

    @Provides
    Evaluator evaluator() {
      EVALUATORS.incrementAndGet();
      return new Evaluator(List.of("feed", "search"));
    }
  }

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1200, 60, List.of("feed", "search"));
    Experiment experiment = open(shop.experiment(), new Own());
    experiment.prepare(false, Progress.NONE);
    extracted = experiment.extract(false, Progress.NONE);
    TrainingReport training = experiment.train("own", Progress.NONE);
    bundle = training.bundle();
    assertThat(EVALUATORS).hasValue(training.result().history().size());
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("own", Split.TEST, predictions, Progress.NONE);
    evaluated = BundleTest.floats(predictions, "probability");
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS));
    lines.addAll(shop.rows().subList(1000, 1200));
    rows = Files.write(folder.resolve("rows.csv"), lines);
  }

  /** Opens an experiment on the engine that is not there. */
  private static Experiment open(Path file, Module... replacements) {
    return Guice.createInjector(new RuntimeModule())
        .getInstance(Experiments.class)
        .open(file, List.of("runtime.engine=MXNet"), replacements);
  }

  private static Scorer load(Module... replacements) {
    return Scorer.load(
        bundle, List.of(), ConfigLoader.standard(PluginRegistry.load()), replacements);
  }

  @Test
  void theEncoderOfTheRunExtracts() {
    assertThat(extracted.info().encoder().model()).isEqualTo("lengths");
    assertThat(extracted.info().encoder().dimension()).isEqualTo(Lengths.DIMENSION);
  }

  @Test
  void theBackboneOfTheRunTrainsOnItsEngine() throws IOException {
    assertThat(ENGINES).isNotEmpty().containsOnly("PyTorch");
    assertThat(Files.readString(folder.resolve("work/runs/own/provenance.json")))
        .contains("\"engine\" : \"PyTorch\"", "\"name\" : \"linear\"", "\"name\" : \"lengths\"");
    assertThat(Files.readString(bundle.resolve("dense.safetensors"), ISO_8859_1))
        .contains("backbone/v")
        .doesNotContain("expert");
  }

  @Test
  void theBackboneOfTheRunScores() throws IOException {
    Path out = folder.resolve("scores.arrow");
    try (Scorer scorer = load(new Own())) {
      scorer.score(new ScoringRequest(rows, out), Progress.NONE);
    }

    assertThat(BundleTest.floats(out, "score")).containsExactly(evaluated, within(1e-6f));
  }

  @Test
  void aBundleOfAReplacedBackboneNeedsItAgain() {
    assertThatThrownBy(() -> load(new WithoutBackbone()).close())
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[bundle/OTHER_PARTS] " + bundle)
        .hasMessageContaining("the backbone 'linear'")
        .hasMessageContaining("model.backbone.name");
  }

  @Test
  void aRunOfAReplacedBackboneIsNotContinuedWithoutIt() {
    Experiment other = open(folder.resolve("experiment.yaml"), new WithoutBackbone());

    assertThatThrownBy(() -> other.train("own", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[training/OTHER_RUN]");
  }

  /** The deviation of initial weights. */
  record Deviation(@Setting("A deviation") double value) {}

  /** logit = x v. */
  @Plugin(name = "linear", description = "Not registered")
  static final class Linear implements BackboneFactory<Deviation> {
    @Override
    public Class<Deviation> configType() {
      return Deviation.class;
    }

    @Override
    public boolean hasHidden(Deviation config) {
      return false;
    }

    @Override
    public Backbone create(Deviation config, ModelContext context) {
      Shape shape = new Shape(context.layout().width(), 1);
      Parameter v =
          context.parameter("v", shape, new Initializer.Normal(config.value()), Decay.YES);
      return new Backbone() {
        @Override
        public BackboneOutput forward(Pass pass, Features features) {
          ENGINES.add(pass.manager().getEngine().getEngineName());
          return new BackboneOutput(null, features.flat().dot(v.array()).squeeze(-1));
        }

        @Override
        public int hiddenSize() {
          return 0;
        }
      };
    }
  }

  /** No settings. */
  record None() {}

  /** Vectors of the lengths of texts. */
  @Plugin(name = "lengths", description = "Not registered")
  static final class Lengths implements KnowledgeEncoderFactory<None> {
    static final int DIMENSION = 3;

    @Override
    public Class<None> configType() {
      return None.class;
    }

    @Override
    public KnowledgeEncoder create(None config, EncoderContext context) {
      return new KnowledgeEncoder() {
        @Override
        public EncoderInfo info() {
          return new EncoderInfo("lengths", "1", "00", "as is", DIMENSION, 100_000, true);
        }

        @Override
        public int countTokens(String text) {
          return text.length();
        }

        @Override
        public List<Knowledge> encode(List<String> texts) {
          return texts.stream()
              .map(String::length)
              .map(n -> new Knowledge(new float[] {n, n % 7, n % 11}, null))
              .toList();
        }

        @Override
        public void close() {}
      };
    }
  }
}

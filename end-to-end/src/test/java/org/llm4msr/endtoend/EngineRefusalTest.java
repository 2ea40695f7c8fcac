package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

/**
 * Plugins that need what MXNet lacks, from a plugin folder: refused there before any data is looked
 * at.
 */
class EngineRefusalTest {

  /** Factories that name what an engine lacks and cannot make anything. */
  private static final String PLUGINS =
      """
      package top;

      import java.util.Set;
      import org.llm4msr.api.*;
      import org.llm4msr.api.data.*;
      import org.llm4msr.api.knowledge.*;
      import org.llm4msr.api.model.*;

      public final class Top {
        public record None() {}

        @Plugin(name = "top-backbone", description = "Needs TOP_K")
        public static final class OfBackbones implements BackboneFactory<None> {
          public Class<None> configType() { return None.class; }
          public boolean hasHidden(None config) { return true; }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.TOP_K); }
          public Backbone create(None config, ModelContext context) { throw new AssertionError("created"); }
        }

        @Plugin(name = "top-head", description = "Needs TOP_K")
        public static final class OfHeads implements FusionHeadFactory<None> {
          public Class<None> configType() { return None.class; }
          public Set<ModelInput> requires(None config) {
            return Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE);
          }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.TOP_K); }
          public FusionHead create(None config, FusionContext context) { throw new AssertionError("created"); }
        }

        @Plugin(name = "top-meta", description = "Needs TOP_K")
        public static final class OfMetaNetworks implements MetaNetworkFactory<None> {
          public Class<None> configType() { return None.class; }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.TOP_K); }
          public MetaNetwork create(None config, MetaContext context) { throw new AssertionError("created"); }
        }

        @Plugin(name = "top-reader", description = "Needs TOP_K")
        public static final class OfReaders implements DatasetReaderFactory<None> {
          public Class<None> configType() { return None.class; }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.TOP_K); }
          public DatasetReader create(None config, DatasetContext context) { throw new AssertionError("created"); }
        }

        @Plugin(name = "top-prompts", description = "Needs TOP_K")
        public static final class OfPrompts implements PromptBuilderFactory<None> {
          public Class<None> configType() { return None.class; }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.TOP_K); }
          public ScenarioPromptBuilder create(None config, PromptContext context) { throw new AssertionError("created"); }
        }

        @Plugin(name = "top-encoder", description = "Needs TOP_K")
        public static final class OfEncoders implements KnowledgeEncoderFactory<None> {
          public Class<None> configType() { return None.class; }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.TOP_K); }
          public KnowledgeEncoder create(None config, EncoderContext context) { throw new AssertionError("created"); }
        }

        @Plugin(name = "short-generator", description = "Needs BFLOAT16")
        public static final class OfGenerators implements DatasetGeneratorFactory<None> {
          public Class<None> configType() { return None.class; }
          public Set<EngineFeature> engineFeatures(None config) { return Set.of(EngineFeature.BFLOAT16); }
          public DatasetGenerator create(None config, DatasetContext context) { throw new AssertionError("created"); }
        }
      }
      """;

  private static final String EXPERIMENT =
      """
      dataset: {name: top-reader, path: nowhere}
      knowledge: {prompts: {name: top-prompts}, encoder: {name: top-encoder}}
      model:
        backbone: {name: top-backbone}
        fusion: {name: top-head}
        metaNetworks: {user: {name: top-meta}, scenario: {name: top-meta}}
      """;

  private static final List<String> KEYS =
      List.of(
          "dataset.name = top-reader",
          "knowledge.prompts.name = top-prompts",
          "knowledge.encoder.name = top-encoder",
          "model.backbone.name = top-backbone",
          "model.fusion.name = top-head",
          "model.metaNetworks.user.name = top-meta",
          "model.metaNetworks.scenario.name = top-meta");

  private static final String REASON =
      "needs what the engine MXNet does not have: TOP_K. Set runtime.engine to PyTorch";

  @TempDir static Path folder;
  private static String experiment;

  @BeforeAll
  static void install() throws IOException {
    PluginSource.install(folder, "Top", PLUGINS);
    experiment = Files.writeString(folder.resolve("experiment.yaml"), EXPERIMENT).toString();
  }

  @Test
  void theCheckNamesEachPluginFeatureEngineAndWayOut() {
    InProcess.Outcome outcome = run("config", "check", experiment, "-Druntime.engine=MXNet");

    assertThat(outcome.code()).isEqualTo(2);
    KEYS.forEach(key -> assertThat(outcome.err()).containsPattern(key + " \\(.*\\): " + REASON));
    assertThat(outcome.err()).contains("dataset.path = nowhere", "there is no ");
  }

  @Test
  void theCheckFindsNothingWrongWithTheOtherEngine() {
    InProcess.Outcome outcome =
        run("config", "check", experiment, "-Dknowledge.prompts={name: llm4msr}");

    assertThat(outcome.err()).contains("1. dataset.path = nowhere").doesNotContain("2. ", "TOP_K");
  }

  @Test
  void trainingIsRefusedBeforeAnyDataIsLookedAt() {
    InProcess.Outcome outcome = run("train", experiment, "-Druntime.engine=MXNet");

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err())
        .startsWith("[config/INVALID]")
        .contains(REASON)
        .doesNotContain("nowhere", "prepare", "created");
    assertThat(folder.resolve("work")).doesNotExist();
  }

  @Test
  void theDecoderInBfloat16NeedsScripts() {
    InProcess.Outcome outcome =
        run(
            "config",
            "check",
            experiment,
            "-Druntime.engine=MXNet",
            "-Dknowledge.encoder={name: decoder, model: model, precision: bfloat16}");

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err())
        .contains(
            "knowledge.encoder.name = decoder (-Dknowledge.encoder): needs what the engine MXNet"
                + " does not have: SCRIPT. Set runtime.engine to PyTorch");
  }

  @Test
  void aGeneratorIsRefusedBeforeItWrites() {
    Path raw = folder.resolve("raw");
    InProcess.Outcome outcome = run("data", "generate", "short-generator", "--out", raw.toString());

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("[plugin/UNSUPPORTED] BFLOAT16: The plugin short-generator needs it")
        .doesNotContain("created");
    assertThat(raw).doesNotExist();
  }

  private InProcess.Outcome run(String... command) {
    return InProcess.start(
        Stream.concat(
                Stream.of(command), Stream.of("--plugins", folder.resolve("plugins").toString()))
            .toArray(String[]::new));
  }
}

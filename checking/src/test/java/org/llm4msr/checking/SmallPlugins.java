package org.llm4msr.checking;

import java.nio.file.Path;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.runtime.plugins.TestJar;

/** The smallest sound plugins of some kinds, each with a place for a flaw. */
final class SmallPlugins {

  private static final String HEAD =
      """
      package com.acme;
      import ai.djl.ndarray.NDArray;
      import ai.djl.ndarray.types.Shape;
      import java.util.Set;
      import org.llm4msr.api.*;
      import org.llm4msr.api.model.*;
      @Plugin(name = "small-head", description = "Adds a linear map of users' knowledge")
      public final class Small implements FusionHeadFactory<Small.Config> {
        public record Config() {}
        public Class<Config> configType() { return Config.class; }
        public Set<ModelInput> requires(Config config) { return Set.of(ModelInput.USER_KNOWLEDGE); }
        public FusionHead create(Config config, FusionContext context) {
          Shape shape = new Shape(context.knowledgeSize(), 1);
          Parameter map = context.model().parameter("map", shape, Initializer.linear(context.knowledgeSize()), Decay.YES);
          Backbone backbone = context.backbone(context.model().layout());
          return (pass, features) -> {
            NDArray own = pass.users().rowValues(features.userKnowledge().matMul(map.array())).squeeze(-1);
            NDArray y = backbone.forward(pass, features).logit().add(own);
            return FLAW;
          };
        }
      }
      """;

  private static final String META_NETWORK =
      """
      package com.acme;
      import ai.djl.ndarray.NDArray;
      import ai.djl.ndarray.NDList;
      import ai.djl.ndarray.types.Shape;
      import java.util.ArrayList;
      import java.util.List;
      import org.llm4msr.api.*;
      import org.llm4msr.api.model.*;
      @Plugin(name = "small-layers", description = "Layers whose input knowledge scales")
      public final class Small implements MetaNetworkFactory<Small.Config> {
        public record Config() {}
        public Class<Config> configType() { return Config.class; }
        public MetaNetwork create(Config config, MetaContext context) {
          List<LayerSpec.Layer> layers = context.layers().layers();
          int size = context.knowledgeSize();
          List<Parameter> scales = new ArrayList<>();
          List<Parameter> maps = new ArrayList<>();
          for (int i = 0; i < layers.size(); i++) {
            LayerSpec.Layer layer = layers.get(i);
            scales.add(context.model().parameter("scale." + i, new Shape(size, layer.in()), Initializer.linear(size), Decay.YES));
            maps.add(context.model().parameter("map." + i, new Shape(layer.in(), layer.out()), Initializer.linear(layer.in()), Decay.YES));
          }
          return new MetaNetwork() {
            public MetaWeights generate(Pass pass, NDArray knowledge) {
              NDList weights = new NDList();
              scales.forEach(scale -> weights.add(knowledge.matMul(scale.array())));
              return new MetaWeights(weights);
            }
            public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
              NDArray y = x;
              for (int i = 0; i < layers.size(); i++) {
                NDArray scale = grouping.rowValues(weights.arrays().get(i));
                y = layers.get(i).activation().apply(y.mul(scale).matMul(maps.get(i).array()));
              }
              return FLAW;
            }
            public long bytesPerGroup() {
              return layers.stream().mapToLong(layer -> 4L * layer.in()).sum();
            }
            public boolean cacheable() { return true; }
          };
        }
      }
      """;

  private static final String ENCODER =
      """
      package com.acme;
      import java.util.*;
      import org.llm4msr.api.*;
      import org.llm4msr.api.knowledge.*;
      @Plugin(name = "small-encoder", description = "Counts words by their hash")
      public final class Small implements KnowledgeEncoderFactory<Small.Config> {
        public record Config() {}
        public Class<Config> configType() { return Config.class; }
        public OptionalInt dimension(Config config) { return OptionalInt.of(64); }
        public KnowledgeEncoder create(Config config, EncoderContext context) {
          return new KnowledgeEncoder() {
            public EncoderInfo info() {
              return new EncoderInfo("counts", "1", "0f".repeat(32), "counts of words", 64, 500, true);
            }
            public int countTokens(String text) { return text.strip().split("\\\\s+").length; }
            public List<Knowledge> encode(List<String> texts) {
              List<Knowledge> answers = new ArrayList<>();
              for (String text : texts) {
                if (countTokens(text) > 500) {
                  throw new MsrException(ErrorType.USER, "knowledge/PROMPT_TOO_LONG",
                      countTokens(text) + " tokens, limit 500");
                }
                float[] counts = new float[64];
                for (String word : text.strip().split("\\\\s+")) {
                  counts[Math.floorMod(word.hashCode(), counts.length)]++;
                }
                FLAW
                answers.add(new Knowledge(counts, null));
              }
              return answers;
            }
            public void close() {}
          };
        }
      }
      """;

  private static final String PROMPTS =
      """
      package com.acme;
      import java.util.*;
      import org.llm4msr.api.*;
      import org.llm4msr.api.knowledge.*;
      @Plugin(name = "small-prompts", description = "Lists what was met")
      public final class Small implements PromptBuilderFactory<Small.Config> {
        public record Config() {}
        public Class<Config> configType() { return Config.class; }
        public ScenarioPromptBuilder create(Config config, PromptContext context) {
          return new ScenarioPromptBuilder() {
            public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
              return scenarios.stream().map(this::scenario).toList();
            }
            private Prompt scenario(ScenarioStatistics scenario) {
              List<String> popular = new ArrayList<>(scenario.popularItems());
              Collections.reverse(popular);
              return new Prompt(scenario.key(), "In " + scenario.name() + ": ", popular, "; ", ".");
            }
            public Prompt userPrompt(UserHistory history) {
              String head = "%s, %d events: ".formatted(history.profile(), history.events().size());
              List<String> events = history.events().stream().map(e -> e.scenario() + " " + e.text()).toList();
              return new Prompt(FLAW, head, events, "; ", ".");
            }
            public String template() { return "lists 1"; }
          };
        }
      }
      """;

  private SmallPlugins() {}

  /**
   * Packs a fusion head.
   *
   * @param y an expression of the logits {@code y}, (B); "y" for a sound one
   */
  static void head(Path jar, String y) {
    pack(jar, HEAD, y, FusionHeadFactory.class);
  }

  /**
   * Packs a meta network.
   *
   * @param y an expression of the output {@code y}, (B, n); "y" for a sound one
   */
  static void metaNetwork(Path jar, String y) {
    pack(jar, META_NETWORK, y, MetaNetworkFactory.class);
  }

  /**
   * Packs a knowledge encoder.
   *
   * @param change a statement that changes {@code counts}, the vector of {@code text}; "" for a
   *     sound one
   */
  static void encoder(Path jar, String change) {
    pack(jar, ENCODER, change, KnowledgeEncoderFactory.class);
  }

  /**
   * Packs a prompt builder.
   *
   * @param key an expression of the key of a user's prompt; "history.user()" for a sound one
   */
  static void prompts(Path jar, String key) {
    pack(jar, PROMPTS, key, PromptBuilderFactory.class);
  }

  private static void pack(Path jar, String source, String flaw, Class<?> service) {
    TestJar.at(jar)
        .source("com.acme.Small", source.replace("FLAW", flaw))
        .service(service, "com.acme.Small\n")
        .build();
  }
}

package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.plugins.llm.EncoderFixture;
import org.llm4msr.plugins.llm.JsonFixture;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Position;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.State;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Template;
import org.llm4msr.tck.harness.TestEngines;

class DecoderEncoderTest {

  private static final Path FIXTURES = GoldenStates.fixture("").toAbsolutePath();
  private static final String TOKENIZER = FIXTURES.resolve("stories260k").toString();

  @TempDir Path folder;

  /** What transformers generated for a text, greedily. */
  private record Generated(
      String text, long[] ids, List<Long> answer, String answer_text, float[] state) {}

  private static DecoderConfig config(String model, Position position) {
    return config(model, position, Precision.FLOAT32);
  }

  private static DecoderConfig config(String model, Position position, Precision precision) {
    return config(model, null, null, position, precision);
  }

  private static DecoderConfig config(
      String model,
      @Nullable Integer layer,
      @Nullable State state,
      Position position,
      Precision precision) {
    return new DecoderConfig(
        model,
        TOKENIZER,
        layer,
        state,
        position,
        false,
        precision,
        Template.NONE,
        null,
        4096,
        24,
        0,
        1,
        7);
  }

  private static DecoderConfig layer(int layer, @Nullable State state) {
    return config("llama3", layer, state, Position.PROMPT_END, Precision.FLOAT32);
  }

  private KnowledgeEncoder open(DecoderConfig config) {
    return new DecoderFactory().create(config, EncoderFixture.context(FIXTURES));
  }

  private static List<Generated> generated() throws IOException {
    return List.of(
        JsonFixture.read(FIXTURES.resolve("stories260k/generated.json"), Generated[].class));
  }

  @Test
  void generatesWhatTransformersGenerates() throws IOException {
    String model = GoldenStates.shared("stories260k").toString();
    List<Generated> expected = generated();
    try (KnowledgeEncoder encoder = open(config(model, Position.GENERATED_END))) {
      List<Knowledge> answers = encoder.encode(expected.stream().map(Generated::text).toList());
      for (int i = 0; i < expected.size(); i++) {
        Generated wanted = expected.get(i);
        assertThat(encoder.countTokens(wanted.text())).isEqualTo(wanted.ids().length);
        assertThat(answers.get(i).text()).isEqualTo(wanted.answer_text());
        DecoderGoldenTest.assertClose(wanted.text(), wanted.state(), answers.get(i).vector());
      }
      assertThat(encoder.info().state())
          .isEqualTo("post-norm, generated-end, at most 24 tokens, greedy");
      assertThat(encoder.info().maxTokens()).isEqualTo(512 - 24);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "257, PROMPT_END, 24, 'maxTokens is 257, and the model llama3 reads at most 256.'",
    "200, GENERATED_END, 57, 'maxTokens is 200, and the model llama3 reads at most 199.'",
    "200, GENERATED_END, 256, 'generatedTokens is 256, which leaves no room for a prompt'"
  })
  void refusesMoreTokensThanTheModelReads(
      int maxTokens, Position position, int generated, String message) {
    DecoderConfig config =
        new DecoderConfig(
            "llama3",
            TOKENIZER,
            null,
            null,
            position,
            false,
            Precision.FLOAT32,
            Template.NONE,
            maxTokens,
            4096,
            generated,
            0,
            1,
            7);
    assertThatThrownBy(() -> open(config))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[knowledge/TOO_MANY_TOKENS] knowledge.encoder." + message);
  }

  @Test
  void drawsTheSameAloneAndAmongOthers() {
    DecoderConfig config =
        new DecoderConfig(
            "llama3",
            TOKENIZER,
            null,
            State.PRE_NORM,
            Position.GENERATED_END,
            true,
            Precision.FLOAT32,
            Template.NONE,
            100,
            64,
            12,
            1.5,
            0.95,
            3);
    List<String> texts = IntStream.range(0, 9).mapToObj(i -> "a cat ".repeat(1 + i * 2)).toList();
    try (KnowledgeEncoder encoder = open(config)) {
      List<Knowledge> together = encoder.encode(texts);
      assertThat(together.stream().map(Knowledge::text).distinct().count()).isGreaterThan(7);
      for (int i = 0; i < texts.size(); i++) {
        Knowledge alone = encoder.encode(List.of(texts.get(i))).get(0);
        assertThat(alone.text()).isEqualTo(together.get(i).text());
        DecoderGoldenTest.assertClose("text " + i, together.get(i).vector(), alone.vector());
      }
    }
  }

  @Test
  void sharedBeginningsChangeNothing() {
    String shared = "Once upon a time, there was a little girl named Lily. She loved to play. ";
    List<String> texts =
        IntStream.range(0, 12).mapToObj(i -> shared + "One day ".repeat(1 + i % 5) + i).toList();
    List<float[]> alone = new ArrayList<>();
    try (KnowledgeEncoder encoder = open(config("llama3", Position.PROMPT_END))) {
      texts.forEach(text -> alone.add(encoder.encode(List.of(text)).get(0).vector()));
    }
    try (KnowledgeEncoder encoder = open(config("llama3", Position.PROMPT_END))) {
      List<Knowledge> first = encoder.encode(texts.subList(0, 6));
      List<Knowledge> second = encoder.encode(texts.subList(6, 12));
      for (int i = 0; i < texts.size(); i++) {
        DecoderGoldenTest.assertClose(
            texts.get(i), alone.get(i), (i < 6 ? first.get(i) : second.get(i - 6)).vector());
      }
    }
  }

  @Test
  void readsEveryKindOfText() {
    try (KnowledgeEncoder encoder = open(config("llama3", Position.PROMPT_END))) {
      List<String> texts = List.of("", "\uD83C\uDFAC 用户", "a", "\u0000\n", "x".repeat(40));
      assertThat(encoder.encode(texts))
          .allSatisfy(knowledge -> assertThat(knowledge.vector()).hasSize(16));
      assertThat(encoder.countTokens("")).isEqualTo(1);
      assertThat(encoder.encode(List.of())).isEmpty();
    }
  }

  @Test
  void refusesWhatItWouldHaveToCut() {
    try (KnowledgeEncoder encoder = open(config("llama3", Position.PROMPT_END))) {
      assertThat(encoder.info().maxTokens()).isEqualTo(256);
      assertThatThrownBy(() -> encoder.encode(List.of("a", "word ".repeat(200_000))))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("[knowledge/PROMPT_TOO_LONG]")
          .hasMessageContaining("reads at most 256. Text 1 of this call");
    }
  }

  @Test
  void whatChangesVectorsIsPartOfItsIdentity() {
    DecoderConfig plain = config("llama3", Position.PROMPT_END);
    DecoderConfig other =
        new DecoderConfig(
            "llama3",
            TOKENIZER,
            null,
            State.PRE_NORM,
            Position.PROMPT_END,
            true,
            Precision.BFLOAT16,
            Template.NONE,
            50,
            4096,
            1,
            0,
            1,
            7);
    try (KnowledgeEncoder first = open(plain);
        KnowledgeEncoder second = open(other)) {
      EncoderInfo info = first.info();
      assertThat(info.model()).isEqualTo("llama3");
      assertThat(info.state()).isEqualTo("post-norm, prompt-end");
      assertThat(info.dimension()).isEqualTo(16);
      assertThat(second.info().state()).isEqualTo("pre-norm, prompt-end, l2, bfloat16");
      assertThat(second.info().checksum()).isEqualTo(info.checksum());
      float[] unit = second.encode(List.of("a cat")).get(0).vector();
      assertThat(EncoderFixture.cosine(unit, unit)).isCloseTo(1, within(1e-5));
    }
  }

  /** The model has two layers. */
  @Test
  void aLayerIsCountedFromBelowOrFromAbove() {
    String text = "Once upon a time";
    try (KnowledgeEncoder last = open(config("llama3", Position.PROMPT_END))) {
      for (int layer : new int[] {2, -1}) {
        try (KnowledgeEncoder same = open(layer(layer, null))) {
          assertThat(same.info()).isEqualTo(last.info());
          assertThat(vector(same, text)).isEqualTo(vector(last, text));
        }
      }
      try (KnowledgeEncoder first = open(layer(1, null));
          KnowledgeEncoder fromAbove = open(layer(-2, null));
          KnowledgeEncoder normed = open(layer(1, State.POST_NORM))) {
        assertThat(first.info().state()).isEqualTo("pre-norm, layer 1 of 2, prompt-end");
        assertThat(first.info().dimension()).isEqualTo(16);
        assertThat(fromAbove.info()).isEqualTo(first.info());
        assertThat(vector(fromAbove, text)).isEqualTo(vector(first, text));
        assertThat(EncoderFixture.cosine(vector(first, text), vector(last, text))).isLessThan(0.9);
        assertThat(normed.info().state()).isEqualTo("post-norm, layer 1 of 2, prompt-end");
        assertThat(vector(normed, text)).isNotEqualTo(vector(first, text));
      }
    }
  }

  private static float[] vector(KnowledgeEncoder encoder, String text) {
    return encoder.encode(List.of(text)).get(0).vector();
  }

  @ParameterizedTest
  @CsvSource({
    "0, PROMPT_END, 'layer is 0, and the model llama3 has 2 layers. Set it to 1 (the lowest) up to 2 (the last), or to -1 (the last) down to -2.'",
    "3, PROMPT_END, 'layer is 3, and the model llama3 has 2'",
    "-3, PROMPT_END, 'layer is -3, and'",
    "-2, GENERATED_END, 'layer is -2, but to generate, the model llama3 computes all its 2 layers. Remove layer, or set position: prompt-end.'"
  })
  void refusesLayersThatItCannotReturn(int layer, Position position, String message) {
    DecoderConfig config = config("llama3", layer, null, position, Precision.FLOAT32);
    assertThatThrownBy(() -> new DecoderFactory().check(config, FIXTURES))
        .as("before anything is loaded")
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[knowledge/LAYER] knowledge.encoder." + message);
    assertThatThrownBy(() -> open(config)).hasMessageContaining(message);
  }

  @Test
  @Tag("engine")
  void refusesBfloat16WhereTheEngineHasNone() {
    DecoderConfig config = config("llama3", Position.PROMPT_END, Precision.BFLOAT16);
    if (TestEngines.tensors().runsScripts()) {
      open(config).close();
    } else {
      assertThatThrownBy(() -> open(config))
          .isInstanceOf(UnsupportedFeatureException.class)
          .hasMessageContaining("BFLOAT16: this engine does not have it. Write precision: float32");
    }
  }

  @Test
  void refusesTokenizerOfAnotherModel() {
    assertThatThrownBy(
            () -> {
              try (KnowledgeEncoder encoder = open(config("qwen2", Position.PROMPT_END))) {
                encoder.encode(List.of("Once upon a time"));
              }
            })
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/WRONG_TOKENIZER] the tokenizer gives the token")
        .hasMessageContaining("the model has 40");
  }

  @Test
  void refusesUnknownModels() throws IOException {
    assertRefused("model_type", "\"gpt_neox\"", "model_type is 'gpt_neox' in", "the decoder knows");
    assertRefused("hidden_act", "\"gelu\"", "hidden_act is \"gelu\" in", "models with silu only");
    assertRefused("hidden_size", "true", "hidden_size is true in", "must be a number");
    assertRefused("num_key_value_heads", "3", "num_key_value_heads is 3", "a divisor of 4");
    assertRefused(
        "rope_scaling",
        "{\"rope_type\": \"yarn\"}",
        "of type 'yarn'",
        "default, linear, llama3 and longrope");
    assertRefused(
        "intermediate_size",
        "25",
        "'model.layers.0.mlp.gate_proj.weight' has the shape",
        "[25, 16]");
    assertRefused(
        "num_hidden_layers", "3", "there is no 'model.layers.2.", "among the 20 arrays in");
    assertRefused(
        "num_hidden_layers", "1", "'model.layers.1.input_layernorm.weight' is in", "fewer layers");
  }

  private void assertRefused(String key, String value, String... says) throws IOException {
    Path model = Files.createTempDirectory(folder, "model");
    try (Stream<Path> files = Files.list(FIXTURES.resolve("llama3"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Path config = model.resolve("config.json");
    ObjectNode json = JsonFixture.read(config, ObjectNode.class);
    json.set(key, JsonFixture.parse(value));
    Files.writeString(config, json.toString());
    assertThatThrownBy(() -> open(config(model.toString(), Position.PROMPT_END)).close())
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll(says);
  }

  @Test
  void namesWhatIsMissing() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    DecoderConfig config = config(model.toString(), Position.PROMPT_END);
    assertThatThrownBy(() -> new DecoderFactory().check(config, FIXTURES))
        .hasMessageContaining("[knowledge/MODEL_NOT_FOUND] no file config.json in " + model);
    Files.copy(FIXTURES.resolve("llama3/config.json"), model.resolve("config.json"));
    assertThatThrownBy(() -> new DecoderFactory().check(config, FIXTURES))
        .hasMessageContaining("no model.safetensors and no model.safetensors.index.json in");
    Files.writeString(model.resolve("pytorch_model-00001-of-00007.bin"), "");
    assertThatThrownBy(() -> new DecoderFactory().check(config, FIXTURES))
        .hasMessageContaining("Its .bin files can run code when they are read; convert them")
        .hasMessageContaining("torch.load(f, weights_only=True)");
  }
}

package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.llm.JsonFixture;

/** How layers attend is read from {@code config.json} as the classes of transformers read it. */
class AttentionTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mistral | | 4096",
        "mistral | \"sliding_window\": null | 0",
        "mistral | \"sliding_window\": 6 | 6",
        "phi3 | | 0",
        "phi3 | \"sliding_window\": 6 | 6",
        "qwen2 | \"sliding_window\": 6 | 0",
        "qwen3 | \"sliding_window\": 6 | 0",
        "llama | \"sliding_window\": 6 | 0"
      })
  void windowIsThatOfTransformers(String type, String setting, int window) {
    ModelJson config = fixture("llama3");
    config.json().put("model_type", type);
    if (setting != null) {
      set(config, "{" + setting + "}");
    }
    assertThat(shape(config).kinds()).extracting(Attention::window).containsExactly(window);
  }

  @Test
  void everyFourthLayerOfSmolLm3KnowsNoPositions() {
    ModelJson config = fixture("smollm3");
    config.json().remove("no_rope_layers");
    set(config, "{'num_hidden_layers': 8}");
    assertThat(stillLayers(config)).containsExactly(3, 7);
    set(config, "{'no_rope_layer_interval': 3}");
    assertThat(stillLayers(config)).containsExactly(2, 5);
    set(config, "{'no_rope_layers': [0, 1, 1, 1, 1, 1, 1, 0]}");
    assertThat(stillLayers(config)).containsExactly(0, 7);
    assertRefused(
        config, "{'no_rope_layers': [0, 1]}", "no_rope_layers is [0,1] in", "a list of 8");
  }

  private static List<Integer> stillLayers(ModelJson config) {
    List<Attention> attentions = shape(config).attentions();
    return IntStream.range(0, attentions.size())
        .filter(layer -> attentions.get(layer).rotary().frequencies()[0] == 0)
        .boxed()
        .toList();
  }

  /** As published with the models, and as transformers 5 saves them. */
  @Test
  void bothFormsOfGemma3SayTheSame() {
    ModelJson config = fixture("gemma3");
    assertGemma3(config);
    for (String key :
        List.of("rope_theta", "rope_local_base_freq", "rope_scaling", "sliding_window_pattern")) {
      config.json().remove(key);
    }
    set(
        config,
        """
        {'rope_parameters': {
           'full_attention': {'rope_type': 'linear', 'factor': 8.0, 'rope_theta': 1000000},
           'sliding_attention': {'rope_type': 'default', 'rope_theta': 10000}},
         'layer_types':
           ['sliding_attention', 'sliding_attention', 'full_attention']}\
        """);
    assertGemma3(config);
  }

  private static void assertGemma3(ModelJson config) {
    DecoderShape shape = shape(config);
    assertThat(shape.attentions()).extracting(Attention::window).containsExactly(6, 6, 0);
    double[] windowed = shape.attentions().get(0).rotary().frequencies();
    double[] full = shape.attentions().get(2).rotary().frequencies();
    assertThat(windowed).containsExactly(new double[] {1, 1e-1, 1e-2, 1e-3}, within(1e-12));
    assertThat(full)
        .containsExactly(
            new double[] {1 / 8., Math.pow(10, -1.5) / 8, 1e-3 / 8, Math.pow(10, -4.5) / 8},
            within(1e-12));
  }

  @Test
  void longRopeHoldsForTextsOfTheFirstTraining() {
    ModelJson config = fixture("phi3-longrope");
    DecoderShape shape = shape(config);
    Rotary rotary = shape.attentions().get(0).rotary();
    double third = Math.pow(10_000, -1 / 3.);
    // Of 4 pairs, a quarter is not turned.
    assertThat(rotary.frequencies())
        .containsExactly(new double[] {1, third / 1.5, third * third / 2.5, 0}, within(1e-12));
    assertThat(rotary.amplitude())
        .isCloseTo(Math.sqrt(1 + Math.log(4) / Math.log(200)), within(1e-12));
    assertThat(shape.context()).isEqualTo(200);
    assertRefused(
        config,
        "{'rope_scaling': {'type': 'longrope', 'short_factor': [1], 'long_factor': [1]}}",
        "short_factor is [1] in",
        "a list of 3 numbers");
  }

  @Test
  void layerTypesSayWhichLayersOfMistralHaveTheWindow() {
    ModelJson config = fixture("ministral");
    assertThat(shape(config).attentions()).extracting(Attention::window).containsExactly(0, 6, 6);
    config.json().put("model_type", "ministral");
    assertThat(shape(config).attentions()).extracting(Attention::window).containsExactly(0, 6, 6);
    set(config, "{'layer_types': null}");
    assertThat(shape(config).kinds()).extracting(Attention::window).containsExactly(6);
  }

  @Test
  void whatIsAbsentIsThatOfTransformers() {
    assertThat(absent("phi3", "rms_norm_eps").epsilon()).isEqualTo(1e-5);
    assertThat(absent("qwen3", "rms_norm_eps").epsilon()).isEqualTo(1e-6);
    assertThat(absent("gemma3", "query_pre_attn_scalar").scoreScale()).isEqualTo(1 / 16.);
    assertThat(secondFrequency(absent("smollm3", "rope_theta")))
        .isCloseTo(Math.pow(2e6, -1 / 2.), within(1e-12));
    assertThat(secondFrequency(absent("qwen3", "rope_theta")))
        .isCloseTo(Math.pow(1e4, -1 / 4.), within(1e-12));
  }

  private static DecoderShape absent(String model, String key) {
    ModelJson config = fixture(model);
    assertThat(config.json().remove(key)).isNotNull();
    return shape(config);
  }

  private static double secondFrequency(DecoderShape shape) {
    return shape.attentions().get(0).rotary().frequencies()[1];
  }

  @Test
  void theOlderFormComesFirstWhereBothAreThere() {
    ModelJson llama = fixture("llama3");
    set(
        llama,
        """
        {'rope_scaling': {'rope_type': 'linear', 'factor': 4.0},
         'rope_parameters': {'rope_type': 'default', 'rope_theta': 10000.0}}\
        """);
    assertThat(shape(llama).attentions().get(0).rotary().frequencies()[0]).isEqualTo(1 / 4.);
    ModelJson gemma = fixture("gemma3");
    set(
        gemma,
        """
        {'rope_parameters': {
           'full_attention': {'rope_type': 'default', 'rope_theta': 1000000},
           'sliding_attention': {'rope_type': 'default', 'rope_theta': 10000}}}\
        """);
    assertGemma3(gemma);
    ModelJson phi = fixture("phi3-longrope");
    phi.json().withObject("/rope_scaling").put("original_max_position_embeddings", 64);
    assertThat(shape(phi).context()).isEqualTo(200);
  }

  /** Each would be another model, and compute wrong states without an error. */
  @Test
  void refusesWhatItWouldComputeWrongly() {
    ModelJson gemma = fixture("gemma3");
    assertRefused(
        gemma,
        "{'layer_types': ['full_attention', 'chunked_attention', 'full_attention']}",
        "layer_types has 'chunked_attention' in");
    gemma.json().remove("layer_types");
    assertRefused(
        gemma, "{'use_bidirectional_attention': true}", "use_bidirectional_attention is true in");
    gemma.json().remove("use_bidirectional_attention");
    assertRefused(
        gemma,
        "{'attn_logit_softcapping': 50.0}",
        "attn_logit_softcapping is 50.0 in",
        "without it only");
    assertRefused(gemma, "{'hidden_activation': 'gelu'}", "hidden_activation is \"gelu\" in");
    assertRefused(fixture("qwen3"), "{'use_sliding_window': true}", "use_sliding_window is true");
    assertRefused(
        fixture("smollm3"),
        "{'layer_types': ['sliding_attention', 'x', 'x', 'x']}",
        "layer_types has 'sliding_attention' in",
        "knows [full_attention]");
    assertRefused(fixture("phi3"), "{'layer_types': ['full_attention']}", "without it only");
    assertRefused(
        fixture("llama3"),
        "{'partial_rotary_factor': 0.5}",
        "[knowledge/UNSUPPORTED_MODEL] partial_rotary_factor is 0.5 in",
        "knows 1 only");
    assertRefused(
        fixture("llama3"),
        "{'partial_rotary_factor': 1.5}",
        "[knowledge/MODEL_NOT_READABLE] partial_rotary_factor is 1.5 in",
        "so that an even number of 8 is turned");
    assertRefused(fixture("llama3"), "{'is_causal': false}", "is_causal is false in");
    assertRefused(
        fixture("llama3"),
        "{'quantization_config': {'bits': 4}}",
        "quantization_config is {\"bits\":4} in",
        "without it only");
    ModelJson chatGlm2 = ModelJson.read(GoldenStates.fixture("chatglm2.json"));
    set(chatGlm2, "{'rope_ratio': 1}");
    assertThat(Architecture.of(chatGlm2).modelTypes()).containsExactly("chatglm");
    assertRefused(chatGlm2, "{'rope_ratio': 50}", "rope_ratio is 50 in", "models with 1 only");
  }

  private static ModelJson fixture(String model) {
    return ModelJson.read(GoldenStates.fixture(model).resolve("config.json"));
  }

  private static DecoderShape shape(ModelJson config) {
    return DecoderShape.of(config, Architecture.of(config));
  }

  private static void set(ModelJson config, String settings) {
    config.json().setAll((ObjectNode) JsonFixture.parse(settings));
  }

  private static void assertRefused(ModelJson config, String settings, String... says) {
    set(config, settings);
    assertThatThrownBy(() -> shape(config))
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll(says);
  }
}

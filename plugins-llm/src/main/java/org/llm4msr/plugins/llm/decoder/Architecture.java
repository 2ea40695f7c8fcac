package org.llm4msr.plugins.llm.decoder;

import com.google.gson.JsonElement;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * How a family of decoders names and lays out what all have in common. The forward pass knows none
 * of it: weights are brought into one layout when they are read.
 *
 * @param modelTypes values of {@code model_type} in {@code config.json}
 * @param keys names of the sizes in {@code config.json}
 * @param tensors names of the weights
 * @param interleaved whether the rotary embedding turns pairs (0, 1), (2, 3), ... of a head, and
 *     not its halves
 * @param rotaryShare share of a head that the rotary embedding turns, where {@code
 *     partial_rotary_factor} does not say
 * @param queryBias whether queries, keys and values have a bias, whatever {@code config.json} says
 * @param preNorm whether Hugging Face's last hidden state is that before the final norm
 * @param prefix what stands before every text, by names that {@code tokenizer.model} lacks
 * @param required settings of {@code config.json} whose other values would be another model, with
 *     what is assumed where they are absent
 */
record Architecture(
    Set<String> modelTypes,
    Keys keys,
    Tensors tensors,
    boolean interleaved,
    double rotaryShare,
    boolean queryBias,
    boolean preNorm,
    Prefix prefix,
    List<Required> required) {

  /**
   * Tokens before every text.
   *
   * @param extra special tokens that follow the vocabulary of {@code tokenizer.model}
   * @param tokens names of those before a text; none: the start token
   * @param chat chat template of models that come without one, or empty
   */
  record Prefix(List<String> extra, List<String> tokens, String chat) {

    static final Prefix NONE = new Prefix(List.of(), List.of(), "");
  }

  /** Names of sizes. */
  record Keys(
      String layers,
      String keyValueHeads,
      String headSize,
      String feedForward,
      String vocabulary,
      String epsilon,
      String context) {}

  /** Names of weights, without {@code .weight}; {@code %s} is the layer. Lists are stacked. */
  record Tensors(
      String embedding,
      String attentionNorm,
      List<String> queryKeyValue,
      String attentionOutput,
      String feedForwardNorm,
      List<String> gateUp,
      String down,
      String finalNorm,
      String head) {

    /** Names as a model that was saved without its head has them: {@code model.} is missing. */
    Tensors ofBase() {
      return new Tensors(
          base(embedding),
          base(attentionNorm),
          queryKeyValue.stream().map(Tensors::base).toList(),
          base(attentionOutput),
          base(feedForwardNorm),
          gateUp.stream().map(Tensors::base).toList(),
          base(down),
          base(finalNorm),
          head);
    }

    private static String base(String name) {
      return name.replaceFirst("^model\\.", "");
    }
  }

  /** A setting and the only value that is computed. */
  record Required(String key, String value, boolean assumed) {}

  private static final Keys LLAMA_KEYS =
      new Keys(
          "num_hidden_layers",
          "num_key_value_heads",
          "head_dim",
          "intermediate_size",
          "vocab_size",
          "rms_norm_eps",
          "max_position_embeddings");

  private static final Tensors LLAMA_TENSORS =
      new Tensors(
          "model.embed_tokens",
          "model.layers.%s.input_layernorm",
          Stream.of("q_proj", "k_proj", "v_proj")
              .map(part -> "model.layers.%s.self_attn." + part)
              .toList(),
          "model.layers.%s.self_attn.o_proj",
          "model.layers.%s.post_attention_layernorm",
          List.of("model.layers.%s.mlp.gate_proj", "model.layers.%s.mlp.up_proj"),
          "model.layers.%s.mlp.down_proj",
          "model.norm",
          "lm_head");

  private static final Architecture LLAMA =
      new Architecture(
          Set.of("llama", "mistral"),
          LLAMA_KEYS,
          LLAMA_TENSORS,
          false,
          1,
          false,
          false,
          Prefix.NONE,
          List.of(new Required("hidden_act", "silu", true)));

  private static final Architecture QWEN2 =
      new Architecture(
          Set.of("qwen2"),
          LLAMA_KEYS,
          LLAMA_TENSORS,
          false,
          1,
          true,
          false,
          Prefix.NONE,
          List.of(
              new Required("hidden_act", "silu", true),
              // Only some layers would have the window.
              new Required("use_sliding_window", "false", true)));

  private static final Architecture CHATGLM2 =
      new Architecture(
          Set.of("chatglm"),
          new Keys(
              "num_layers",
              "multi_query_group_num",
              "kv_channels",
              "ffn_hidden_size",
              "padded_vocab_size",
              "layernorm_epsilon",
              "seq_length"),
          new Tensors(
              "transformer.embedding.word_embeddings",
              "transformer.encoder.layers.%s.input_layernorm",
              List.of("transformer.encoder.layers.%s.self_attention.query_key_value"),
              "transformer.encoder.layers.%s.self_attention.dense",
              "transformer.encoder.layers.%s.post_attention_layernorm",
              List.of("transformer.encoder.layers.%s.mlp.dense_h_to_4h"),
              "transformer.encoder.layers.%s.mlp.dense_4h_to_h",
              "transformer.encoder.final_layernorm",
              "transformer.output_layer"),
          true,
          0.5,
          false,
          true,
          new Prefix(
              List.of("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop"),
              List.of("[gMASK]", "sop"),
              "[Round 1]\n\n问：{{ messages[0].content }}\n\n答："),
          List.of(
              // Absent in the first ChatGLM, whose layers are others.
              new Required("multi_query_attention", "true", false),
              new Required("rmsnorm", "true", true),
              new Required("post_layer_norm", "true", true),
              new Required("original_rope", "true", true),
              // ChatGLM2-32k divides positions by it, ChatGLM3-32k makes the base larger.
              new Required("rope_ratio", "1", true),
              new Required("apply_residual_connection_post_layernorm", "false", true)));

  private static final List<Architecture> ALL = List.of(LLAMA, QWEN2, CHATGLM2);

  /** Finds the architecture that a model says it has. */
  static Architecture of(ModelJson config) {
    String type = config.text("model_type", "");
    Architecture found =
        ALL.stream()
            .filter(architecture -> architecture.modelTypes.contains(type))
            .findFirst()
            .orElseThrow(() -> unknown(config, type));
    found.required.forEach(required -> check(config, required));
    return found;
  }

  private static void check(ModelJson config, Required required) {
    JsonElement value = config.has(required.key()) ? config.json().get(required.key()) : null;
    boolean right =
        value == null
            ? required.assumed()
            : value.isJsonPrimitive() && value.getAsString().equals(required.value());
    if (!right) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/UNSUPPORTED_MODEL",
          "%s is %s in %s; the decoder computes models with %s only. Choose another model, or another encoder."
              .formatted(
                  required.key(),
                  value == null ? "absent" : value,
                  config.file(),
                  required.value()));
    }
  }

  private static MsrException unknown(ModelJson config, String type) {
    List<String> known =
        ALL.stream().flatMap(architecture -> architecture.modelTypes.stream()).sorted().toList();
    return new MsrException(
        ErrorType.USER,
        "knowledge/UNSUPPORTED_MODEL",
        "model_type is '%s' in %s; the decoder knows %s. Choose a model of these, or another encoder."
            .formatted(type, config.file(), known));
  }
}

package org.llm4msr.plugins.llm.decoder;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The names and layout that a family of decoders uses for what all decoders have in common. The
 * forward pass does not depend on them: weights are brought into one layout when they are read.
 *
 * @param modelTypes values of {@code model_type} in {@code config.json}
 * @param keys names of the sizes in {@code config.json}
 * @param tensors names of the weights
 * @param positions how the layers attend
 * @param numerics what this family computes differently
 * @param unstated what {@code config.json} does not state
 * @param prefix tokens before every text, by names that {@code tokenizer.model} lacks
 * @param required settings of {@code config.json} whose other values would mean another model, with
 *     what is assumed if they are absent
 */
record Architecture(
    Set<String> modelTypes,
    Keys keys,
    Tensors tensors,
    Positions positions,
    Numerics numerics,
    Unstated unstated,
    Prefix prefix,
    List<Required> required) {

  /**
   * How the layers attend.
   *
   * @param pattern which layers differ
   * @param interleaved whether the rotary embedding rotates pairs (0, 1), (2, 3), ... of a head
   *     instead of its halves
   * @param share share of a head that the rotary embedding rotates, if {@code
   *     partial_rotary_factor} is not stated
   * @param partial whether that may be less than the whole head
   */
  record Positions(Attention.Pattern pattern, boolean interleaved, double share, boolean partial) {

    private static Positions usual(Attention.Pattern pattern) {
      return new Positions(pattern, false, 1, false);
    }
  }

  /**
   * What this family computes differently.
   *
   * @param normOffset number that is added to the weights of norms
   * @param gelu whether the gate is GELU, in the approximation by tanh, instead of SiLU
   * @param scaledEmbedding whether embeddings are multiplied by the root of their width
   * @param queryScalar number by whose root scores are divided, if {@code query_pre_attn_scalar} is
   *     not stated; 0: the size of a head in any case
   */
  record Numerics(float normOffset, boolean gelu, boolean scaledEmbedding, double queryScalar) {

    static final Numerics USUAL = new Numerics(0, false, false, 0);
  }

  /**
   * What {@code config.json} does not state.
   *
   * @param queryBias whether queries, keys and values have a bias, whatever it states
   * @param tied whether the embedding is also the output layer, if it does not state that
   * @param preNorm whether Hugging Face's last hidden state is that before the final norm
   * @param rotaryBase default of {@code rope_theta}
   * @param epsilon default for the norms
   * @param window default of {@code sliding_window}, for layers that have one
   */
  record Unstated(
      boolean queryBias,
      boolean tied,
      boolean preNorm,
      double rotaryBase,
      double epsilon,
      int window) {

    static final Unstated USUAL = new Unstated(false, false, false, 10_000, 1e-6, 4096);
  }

  /**
   * Tokens before every text.
   *
   * @param extra special tokens that follow the vocabulary of {@code tokenizer.model}
   * @param tokens names of those before a text; none: the start token
   * @param chat chat template for models without one, or empty
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

  /**
   * Names of weights, without {@code .weight}; {@code %s} is the layer. Lists are stacked.
   *
   * @param headNorms of queries and of keys, or none
   * @param addedNorms norms of what attention and feed-forward part add to the states, or none
   */
  record Tensors(
      String embedding,
      String attentionNorm,
      List<String> queryKeyValue,
      List<String> headNorms,
      String attentionOutput,
      String feedForwardNorm,
      List<String> gateUp,
      String down,
      List<String> addedNorms,
      String finalNorm,
      String head) {

    /** Returns the names in a model that was saved without its head: {@code model.} is missing. */
    Tensors ofBase() {
      return new Tensors(
          base(embedding),
          base(attentionNorm),
          base(queryKeyValue),
          base(headNorms),
          base(attentionOutput),
          base(feedForwardNorm),
          base(gateUp),
          base(down),
          base(addedNorms),
          base(finalNorm),
          head);
    }

    private static List<String> base(List<String> names) {
      return names.stream().map(Tensors::base).toList();
    }

    private static String base(String name) {
      return name.replaceFirst("^model\\.", "");
    }
  }

  /** A setting and its only supported value. */
  record Required(String key, String value, boolean assumed) {}

  /** Settings that any model may have. */
  private static final List<Required> ALWAYS =
      List.of(
          // Embedding models that read in both directions.
          new Required("is_causal", "true", true),
          new Required("quantization_config", "null", true));

  private static final Keys LLAMA_KEYS =
      new Keys(
          "num_hidden_layers",
          "num_key_value_heads",
          "head_dim",
          "intermediate_size",
          "vocab_size",
          "rms_norm_eps",
          "max_position_embeddings");

  private static final String ATTENTION = "model.layers.%s.self_attn.";
  private static final List<String> SEPARATE =
      List.of(ATTENTION + "q_proj", ATTENTION + "k_proj", ATTENTION + "v_proj");
  private static final List<String> GATE_UP =
      List.of("model.layers.%s.mlp.gate_proj", "model.layers.%s.mlp.up_proj");
  private static final List<String> HEAD_NORMS =
      List.of(ATTENTION + "q_norm", ATTENTION + "k_norm");

  private static final Tensors LLAMA_TENSORS = llama(SEPARATE, List.of(), GATE_UP);

  private static final Required SILU = new Required("hidden_act", "silu", true);
  // Only the upper layers would use the window.
  private static final Required NO_WINDOW = new Required("use_sliding_window", "false", true);

  private static Tensors llama(
      List<String> queryKeyValue, List<String> headNorms, List<String> gateUp) {
    return new Tensors(
        "model.embed_tokens",
        "model.layers.%s.input_layernorm",
        queryKeyValue,
        headNorms,
        ATTENTION + "o_proj",
        "model.layers.%s.post_attention_layernorm",
        gateUp,
        "model.layers.%s.mlp.down_proj",
        List.of(),
        "model.norm",
        "lm_head");
  }

  private static Architecture llama(
      Set<String> modelTypes,
      Tensors tensors,
      Positions positions,
      Unstated unstated,
      Required... required) {
    return new Architecture(
        modelTypes,
        LLAMA_KEYS,
        tensors,
        positions,
        Numerics.USUAL,
        unstated,
        Prefix.NONE,
        Stream.concat(Stream.of(SILU), Stream.of(required)).toList());
  }

  private static final Architecture LLAMA =
      llama(
          Set.of("llama"), LLAMA_TENSORS, Positions.usual(Attention.Pattern.FULL), Unstated.USUAL);

  private static final Architecture MISTRAL =
      llama(
          Set.of("mistral", "ministral"),
          LLAMA_TENSORS,
          Positions.usual(Attention.Pattern.WINDOW),
          Unstated.USUAL);

  private static final Architecture QWEN2 =
      llama(
          Set.of("qwen2"),
          LLAMA_TENSORS,
          Positions.usual(Attention.Pattern.FULL),
          new Unstated(true, false, false, 10_000, 1e-6, 0),
          NO_WINDOW);

  private static final Architecture QWEN3 =
      llama(
          Set.of("qwen3"),
          llama(SEPARATE, HEAD_NORMS, GATE_UP),
          Positions.usual(Attention.Pattern.FULL),
          Unstated.USUAL,
          NO_WINDOW);

  private static final Architecture PHI3 =
      llama(
          Set.of("phi3"),
          llama(
              List.of(ATTENTION + "qkv_proj"),
              List.of(),
              List.of("model.layers.%s.mlp.gate_up_proj")),
          new Positions(Attention.Pattern.WINDOW, false, 1, true),
          new Unstated(false, false, false, 10_000, 1e-5, 0),
          // Transformers does not read it in this model.
          new Required("layer_types", "null", true));

  private static final Architecture SMOLLM3 =
      llama(
          Set.of("smollm3"),
          LLAMA_TENSORS,
          Positions.usual(Attention.Pattern.SOME_WITHOUT_POSITIONS),
          new Unstated(false, true, false, 2_000_000, 1e-6, 0),
          NO_WINDOW);

  private static final Architecture GEMMA3 =
      new Architecture(
          Set.of("gemma3_text"),
          LLAMA_KEYS,
          new Tensors(
              "model.embed_tokens",
              "model.layers.%s.input_layernorm",
              SEPARATE,
              HEAD_NORMS,
              ATTENTION + "o_proj",
              "model.layers.%s.pre_feedforward_layernorm",
              GATE_UP,
              "model.layers.%s.mlp.down_proj",
              List.of(
                  "model.layers.%s.post_attention_layernorm",
                  "model.layers.%s.post_feedforward_layernorm"),
              "model.norm",
              "lm_head"),
          Positions.usual(Attention.Pattern.MOST_WINDOWS),
          new Numerics(1, true, true, 256),
          new Unstated(false, true, false, 1_000_000, 1e-6, 4096),
          Prefix.NONE,
          List.of(
              new Required("hidden_activation", "gelu_pytorch_tanh", true),
              // Embedding models made from it read in both directions.
              new Required("use_bidirectional_attention", "false", true),
              new Required("attn_logit_softcapping", "null", true),
              new Required("final_logit_softcapping", "null", true)));

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
              List.of(),
              "transformer.encoder.layers.%s.self_attention.dense",
              "transformer.encoder.layers.%s.post_attention_layernorm",
              List.of("transformer.encoder.layers.%s.mlp.dense_h_to_4h"),
              "transformer.encoder.layers.%s.mlp.dense_4h_to_h",
              List.of(),
              "transformer.encoder.final_layernorm",
              "transformer.output_layer"),
          new Positions(Attention.Pattern.FULL, true, 0.5, true),
          Numerics.USUAL,
          new Unstated(false, false, true, 10_000, 1e-5, 0),
          new Prefix(
              List.of("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop"),
              List.of("[gMASK]", "sop"),
              "[Round 1]\n\n问：{{ messages[0].content }}\n\n答："),
          List.of(
              // Absent in the first ChatGLM, whose layers differ.
              new Required("multi_query_attention", "true", false),
              new Required("rmsnorm", "true", true),
              new Required("post_layer_norm", "true", true),
              new Required("original_rope", "true", true),
              // ChatGLM2-32k divides positions by it, ChatGLM3-32k makes the base larger.
              new Required("rope_ratio", "1", true),
              new Required("apply_residual_connection_post_layernorm", "false", true)));

  private static final List<Architecture> ALL =
      List.of(LLAMA, MISTRAL, QWEN2, QWEN3, PHI3, SMOLLM3, GEMMA3, CHATGLM2);

  /** Finds the architecture that a model states. */
  static Architecture of(ModelJson config) {
    String type = config.text("model_type", "");
    Architecture found =
        ALL.stream()
            .filter(architecture -> architecture.modelTypes.contains(type))
            .findFirst()
            .orElseThrow(() -> unknown(config, type));
    ALWAYS.forEach(required -> check(config, required));
    found.required.forEach(required -> check(config, required));
    return found;
  }

  private static void check(ModelJson config, Required required) {
    JsonNode value = config.has(required.key()) ? config.json().get(required.key()) : null;
    boolean right =
        value == null
            ? required.assumed()
            : value.isValueNode() && value.asText().equals(required.value());
    if (!right) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/UNSUPPORTED_MODEL",
          "%s is %s in %s; the decoder computes models %s only. Choose another model, or another encoder."
              .formatted(
                  required.key(),
                  value == null ? "absent" : value,
                  config.file(),
                  required.value().equals("null") ? "without it" : "with " + required.value()));
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

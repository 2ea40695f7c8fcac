package org.llm4msr.plugins.llm.decoder;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * What the forward pass of a decoder computes.
 *
 * @param hidden H, width of the states
 * @param heads query heads
 * @param keyValueHeads heads of keys and values, a divisor of {@code heads}
 * @param headSize width of a head
 * @param scoreScale factor of the products of queries and keys
 * @param feedForward width between the two products of the gated feed-forward part
 * @param gelu whether the gate is GELU, in the approximation by tanh, instead of SiLU
 * @param vocabulary rows of the embedding
 * @param embeddingScale factor of the embedding
 * @param epsilon of the root mean square normalisation
 * @param preciseNorms whether norms are computed in float32 in every precision, because bfloat16
 *     would round their weights
 * @param context the longest text, in tokens
 * @param tied whether the embedding is also the output layer
 * @param arrays the arrays of each layer
 * @param modelLayers layers of the model
 * @param attentions how each computed layer attends, from the bottom
 */
record DecoderShape(
    int hidden,
    int heads,
    int keyValueHeads,
    int headSize,
    double scoreScale,
    int feedForward,
    boolean gelu,
    int vocabulary,
    double embeddingScale,
    double epsilon,
    boolean preciseNorms,
    int context,
    boolean tied,
    Set<LayerArray> arrays,
    int modelLayers,
    List<Attention> attentions) {

  /** Reads the sizes. */
  static DecoderShape of(ModelJson config, Architecture architecture) {
    Architecture.Keys keys = architecture.keys();
    int hidden = config.integer("hidden_size");
    int heads = config.integer("num_attention_heads");
    int keyValueHeads = config.integer(keys.keyValueHeads(), heads);
    int headSize = config.integer(keys.headSize(), Math.max(1, hidden / heads));
    if (heads % keyValueHeads != 0) {
      throw config.wrong(keys.keyValueHeads(), "a divisor of " + heads + ", the number of heads");
    }
    if (headSize % 2 != 0) {
      throw config.wrong(keys.headSize(), "even");
    }
    Architecture.Numerics numerics = architecture.numerics();
    double queryScalar =
        numerics.queryScalar() == 0
            ? headSize
            : config.number("query_pre_attn_scalar", numerics.queryScalar());
    int layers = config.integer(keys.layers());
    List<Attention> attentions = Attention.of(config, architecture, layers, headSize);
    return new DecoderShape(
        hidden,
        heads,
        keyValueHeads,
        headSize,
        1 / Math.sqrt(queryScalar),
        config.integer(keys.feedForward()),
        numerics.gelu(),
        config.integer(keys.vocabulary()),
        numerics.scaledEmbedding() ? Math.sqrt(hidden) : 1,
        config.number(keys.epsilon(), architecture.unstated().epsilon()),
        numerics.normOffset() != 0,
        Math.min(config.integer(keys.context()), longest(attentions)),
        config.flag("tie_word_embeddings", architecture.unstated().tied()),
        arrays(config, architecture),
        layers,
        attentions);
  }

  /** Returns the shape without the layers above some lowest ones. */
  DecoderShape lowest(int layers) {
    return new DecoderShape(
        hidden,
        heads,
        keyValueHeads,
        headSize,
        scoreScale,
        feedForward,
        gelu,
        vocabulary,
        embeddingScale,
        epsilon,
        preciseNorms,
        context,
        tied,
        arrays,
        modelLayers,
        attentions.subList(0, layers));
  }

  private static int longest(List<Attention> attentions) {
    return attentions.stream()
        .mapToInt(attention -> attention.rotary().longest())
        .min()
        .orElseThrow();
  }

  private static Set<LayerArray> arrays(ModelJson config, Architecture architecture) {
    boolean bias = config.flag("attention_bias", false);
    boolean linearBias = config.flag("add_bias_linear", false);
    boolean queryBias =
        architecture.unstated().queryBias()
            || bias
            || linearBias
            || config.flag("add_qkv_bias", false);
    boolean feedForwardBias = linearBias || config.flag("mlp_bias", false);
    boolean headNorms = !architecture.tensors().headNorms().isEmpty();
    boolean addedNorms = !architecture.tensors().addedNorms().isEmpty();
    Set<LayerArray> arrays = EnumSet.allOf(LayerArray.class);
    arrays.removeIf(
        array ->
            switch (array) {
              case QUERY_KEY_VALUE_BIAS -> !queryBias;
              case OUTPUT_BIAS -> !bias && !linearBias;
              case GATE_UP_BIAS, DOWN_BIAS -> !feedForwardBias;
              case QUERY_NORM, KEY_NORM -> !headNorms;
              case OUTPUT_NORM, DOWN_NORM -> !addedNorms;
              default -> false;
            });
    return arrays;
  }

  /** Returns how many layers are computed. */
  int layers() {
    return attentions.size();
  }

  /** Returns whether all layers are computed. */
  boolean isWhole() {
    return layers() == modelLayers;
  }

  /** Returns the distinct attentions of the layers. */
  List<Attention> kinds() {
    return attentions.stream().distinct().toList();
  }

  /** Returns the place of each element of a head in the file. */
  int[] headOrder() {
    return attentions.get(0).rotary().order();
  }

  int queryWidth() {
    return heads * headSize;
  }

  /** Returns how many query heads share a key head. */
  int queriesPerKey() {
    return heads / keyValueHeads;
  }

  int keyValueWidth() {
    return keyValueHeads * headSize;
  }

  void checkToken(long id) {
    if (id < 0 || id >= vocabulary) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/WRONG_TOKENIZER",
          "the tokenizer gives the token %d, the model has %d. Use tokenizer and weights of one model."
              .formatted(id, vocabulary));
    }
  }
}

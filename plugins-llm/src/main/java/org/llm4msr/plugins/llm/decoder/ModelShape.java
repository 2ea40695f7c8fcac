package org.llm4msr.plugins.llm.decoder;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Sizes of a decoder.
 *
 * @param layers transformer layers
 * @param hidden H, width of the states
 * @param heads query heads
 * @param keyValueHeads heads of keys and values, a divisor of {@code heads}
 * @param headSize width of a head
 * @param feedForward width between the two products of the gated feed-forward part
 * @param vocabulary rows of the embedding
 * @param epsilon of the root mean square normalisation
 * @param context the longest text, in tokens
 * @param window how many tokens, itself included, a token sees; all where it is 0
 * @param attentionBias whether queries, keys and values have a bias
 * @param outputBias whether the attention's output has one
 * @param feedForwardBias whether both products of the feed-forward part have one
 * @param tied whether the embedding is the output layer too
 * @param rotary how positions turn queries and keys
 */
record ModelShape(
    int layers,
    int hidden,
    int heads,
    int keyValueHeads,
    int headSize,
    int feedForward,
    int vocabulary,
    double epsilon,
    int context,
    int window,
    boolean attentionBias,
    boolean outputBias,
    boolean feedForwardBias,
    boolean tied,
    Rotary rotary) {

  /** Reads the sizes. */
  static ModelShape of(ModelJson config, Architecture architecture) {
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
    boolean bias = config.flag("attention_bias", false);
    boolean linearBias = config.flag("add_bias_linear", false);
    return new ModelShape(
        config.integer(keys.layers()),
        hidden,
        heads,
        keyValueHeads,
        headSize,
        config.integer(keys.feedForward()),
        config.integer(keys.vocabulary()),
        config.number(keys.epsilon(), 1e-6),
        config.integer(keys.context()),
        window(config),
        architecture.queryBias() || bias || linearBias || config.flag("add_qkv_bias", false),
        bias || linearBias,
        linearBias || config.flag("mlp_bias", false),
        config.flag("tie_word_embeddings", false),
        Rotary.of(config, architecture, headSize));
  }

  /** Mistral's; other models here have none, whatever the setting says. */
  private static int window(ModelJson config) {
    if (!config.text("model_type", "").equals("mistral")) {
      return 0;
    }
    int usual = config.json().has("sliding_window") ? 0 : 4096;
    return config.integer("sliding_window", usual);
  }

  int queryWidth() {
    return heads * headSize;
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

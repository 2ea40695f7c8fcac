package org.llm4msr.plugins.llm.decoder;

/** A tokenizer, safe for several threads. */
interface TextTokens extends AutoCloseable {

  /**
   * Returns the tokens of a text.
   *
   * @param special whether to put the model's start tokens before them, and its end tokens, if any,
   *     after them
   */
  long[] encode(String text, boolean special);

  /** Returns the text of tokens, without special ones. */
  String decode(long[] tokens);

  @Override
  void close();

  /** Opens the tokenizer of a model. */
  static TextTokens open(ModelFolder folder, Architecture architecture) {
    return folder.tokenizer().getFileName().toString().endsWith(".json")
        ? HuggingFaceTokens.open(folder)
        : SentencePieceTokens.open(folder, architecture.prefix());
  }
}

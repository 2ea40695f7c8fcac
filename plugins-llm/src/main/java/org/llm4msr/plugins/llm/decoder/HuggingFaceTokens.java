package org.llm4msr.plugins.llm.decoder;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** A {@code tokenizer.json}. */
record HuggingFaceTokens(HuggingFaceTokenizer tokenizer) implements TextTokens {

  static HuggingFaceTokens open(Path file) {
    try {
      return new HuggingFaceTokens(
          HuggingFaceTokenizer.newInstance(
              file, Map.of("truncation", "false", "padding", "false")));
    } catch (IOException | RuntimeException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read %s: %s. Take the file from the model's publisher again."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  @Override
  public long[] encode(String text, boolean special) {
    return tokenizer.encode(text, special, false).getIds();
  }

  @Override
  public String decode(long[] tokens) {
    return tokenizer.decode(tokens, true);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}

package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.hub.ModelSource;

/**
 * Counts tokens for a model that runs elsewhere. Without its tokenizer, each byte counts as one
 * token: no token of a usual tokenizer is shorter. Safe for several threads.
 */
final class TokenCounter implements AutoCloseable {

  /** Start and end token, as most models add them. */
  private static final int SPECIAL = 2;

  private static final String TOKENIZER = "tokenizer.json";

  private final @Nullable HuggingFaceTokenizer tokenizer;

  private TokenCounter(@Nullable HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a tokenizer.
   *
   * @param folder source of {@code tokenizer.json}; null to count bytes
   */
  static TokenCounter open(@Nullable String folder, Path base) {
    if (folder == null) {
      return new TokenCounter(null);
    }
    Path file =
        ModelSource.of(folder, base).resolve(List.of(TOKENIZER)).folder().resolve(TOKENIZER);
    if (Files.notExists(file)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_FOUND",
          "there is no %s in %s. Choose a folder that has one."
              .formatted(TOKENIZER, file.getParent()));
    }
    try {
      return new TokenCounter(
          HuggingFaceTokenizer.newInstance(
              file, Map.of("truncation", "false", "padding", "false")));
    } catch (IOException | RuntimeException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_READABLE",
          "cannot load the tokenizer: %s. File %s. Check that it is complete."
              .formatted(e.getMessage(), file),
          e);
    }
  }

  static void check(@Nullable String folder, Path base) {
    if (folder != null) {
      ModelSource.of(folder, base).check();
    }
  }

  int count(String text) {
    return tokenizer == null
        ? text.getBytes(UTF_8).length + SPECIAL
        : tokenizer.encode(text).getIds().length;
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}

package org.llm4msr.plugins.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Counts tokens for a model that runs elsewhere. Without its tokenizer each byte counts as one: no
 * token of a usual tokenizer is shorter. Safe for several threads.
 */
final class TokenCounter implements AutoCloseable {

  /** Begin and end, as most models add them. */
  private static final int SPECIAL = 2;

  private final @Nullable HuggingFaceTokenizer tokenizer;

  private TokenCounter(@Nullable HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a tokenizer.
   *
   * @param folder holds {@code tokenizer.json}; null to count bytes
   */
  static TokenCounter open(@Nullable String folder, Path base) {
    if (folder == null) {
      return new TokenCounter(null);
    }
    check(folder, base);
    Path file = file(folder, base);
    try {
      return new TokenCounter(
          HuggingFaceTokenizer.newInstance(
              file, Map.of("truncation", "false", "padding", "false")));
    } catch (IOException | RuntimeException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_READABLE",
          "cannot load the tokenizer: %s. File %s. Check that it is whole."
              .formatted(e.getMessage(), file),
          e);
    }
  }

  static void check(@Nullable String folder, Path base) {
    if (folder != null && !Files.isRegularFile(file(folder, base))) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_FOUND",
          "no file %s. Set knowledge.encoder.tokenizer to a folder with the model's tokenizer.json, or leave it out."
              .formatted(file(folder, base)));
    }
  }

  int count(String text) {
    return tokenizer == null
        ? text.getBytes(UTF_8).length + SPECIAL
        : tokenizer.encode(text).getIds().length;
  }

  private static Path file(String folder, Path base) {
    return base.resolve(folder).resolve("tokenizer.json");
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}

package org.llm4msr.plugins.llm.decoder;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A {@code tokenizer.json}.
 *
 * @param frame tokens around every text, or null if the file itself states them
 */
record HuggingFaceTokens(HuggingFaceTokenizer tokenizer, @Nullable Frame frame)
    implements TextTokens {

  /**
   * Tokenizers of transformers that put the tokens of their settings around a text, whatever the
   * file says.
   */
  private static final Set<String> FRAMING = Set.of("LlamaTokenizer", "LlamaTokenizerFast");

  static HuggingFaceTokens open(ModelFolder folder) {
    HuggingFaceTokenizer tokenizer = open(folder.tokenizer());
    try {
      ModelJson settings = folder.optional("tokenizer_config.json");
      return new HuggingFaceTokens(
          tokenizer,
          FRAMING.contains(settings.text("tokenizer_class", ""))
              ? Frame.of(settings, key -> token(tokenizer, settings, key))
              : null);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static HuggingFaceTokenizer open(Path file) {
    try {
      return HuggingFaceTokenizer.newInstance(
          file, Map.of("truncation", "false", "padding", "false"));
    } catch (IOException | RuntimeException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read %s: %s. Get the file from the model's publisher again."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static List<Long> token(HuggingFaceTokenizer tokenizer, ModelJson settings, String key) {
    String stated = settings.specialToken(key);
    String usual = key.equals("bos_token") ? "<s>" : "</s>";
    String text = stated.isEmpty() ? usual : stated;
    long[] ids = tokenizer.encode(text, false, false).getIds();
    if (ids.length != 1) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/WRONG_TOKENIZER",
          "the %s of %s is '%s', which is not one token of the tokenizer. Use both files of one model, or set add_%s there to false."
              .formatted(key, settings.file(), text, key));
    }
    return List.of(ids[0]);
  }

  @Override
  public long[] encode(String text, boolean special) {
    long[] ids = tokenizer.encode(text, special && frame == null, false).getIds();
    return special && frame != null ? frame.around(ids) : ids;
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

package org.llm4msr.plugins.llm.decoder;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Turns prompts into tokens: with the chat template, or unchanged after the model's start tokens.
 *
 * @param start the token that an empty text is read as, or null
 */
record PromptTokens(TextTokens tokenizer, @Nullable ChatTemplate template, @Nullable Long start)
    implements AutoCloseable {

  /** Returns the tokens of a prompt, at least one. */
  long[] of(String prompt) {
    long[] tokens =
        template == null
            ? tokenizer.encode(prompt, true)
            : tokenizer.encode(template.render(prompt), template.startTokens());
    if (tokens.length > 0) {
      return tokens;
    }
    if (start == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/EMPTY_PROMPT",
          "a prompt has no token, and config.json names no bos_token_id or eos_token_id to read"
              + " instead. Fix the prompt template.");
    }
    return new long[] {start};
  }

  /** Returns the text of generated tokens. */
  String text(List<Long> tokens) {
    return tokenizer.decode(tokens.stream().mapToLong(Long::longValue).toArray());
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}

package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import org.llm4msr.api.Stability;

/**
 * The description of an encoder. All of it except {@code threadSafe} is part of the store's key.
 *
 * @param model name of the model
 * @param revision its revision, or the version of the package that holds it
 * @param checksum hexadecimal SHA-256 of the weights, or of what identifies them
 * @param state which state is returned, for example {@code mean-pooled, l2}
 * @param dimension K, the length of the vectors
 * @param maxTokens length of the longest prompt in tokens, including special tokens
 * @param threadSafe whether {@code encode} may be called by several threads at once
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record EncoderInfo(
    String model,
    String revision,
    String checksum,
    String state,
    int dimension,
    int maxTokens,
    boolean threadSafe) {

  public EncoderInfo {
    requireNonNull(model, "model is null");
    requireNonNull(revision, "revision is null");
    requireNonNull(checksum, "checksum is null");
    requireNonNull(state, "state is null");
  }
}

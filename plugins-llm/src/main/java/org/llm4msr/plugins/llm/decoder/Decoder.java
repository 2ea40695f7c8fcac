package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import org.jspecify.annotations.Nullable;

/** The forward pass of a decoder. */
interface Decoder extends AutoCloseable {

  /** Makes a manager for one batch. */
  NDManager newManager();

  /**
   * Reads the next tokens of sequences.
   *
   * @param manager owns the returned arrays
   * @param past {@code kept} of an earlier call; that of a single sequence is used for all
   * @param keep whether the sequences continue
   */
  Reading read(NDManager manager, TokenBatch batch, @Nullable NDList past, boolean keep);

  /** Returns scores of the next token, (sequences, vocabulary), from states after the norm. */
  NDArray scores(NDArray states);

  @Override
  void close();

  /**
   * The result of reading.
   *
   * @param preNorm state of the last token of each sequence before the final norm, (sequences, H)
   * @param postNorm the same after it
   * @param kept keys and values of every layer and group, or empty
   */
  record Reading(NDArray preNorm, NDArray postNorm, NDList kept) {}
}

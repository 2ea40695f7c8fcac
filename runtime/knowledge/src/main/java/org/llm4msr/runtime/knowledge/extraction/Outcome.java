package org.llm4msr.runtime.knowledge.extraction;

/** What becomes of a key. */
enum Outcome {
  /** The encoder reads its prompt. */
  READ,
  /** Its vector is there already. */
  STORED,
  /** A user with too few positive training rows. */
  BELOW_THRESHOLD,
  /** Beyond the limit. */
  LIMITED,
  /** Its prompt is empty. */
  EMPTY,
  /** Nothing of its history fits the encoder. */
  WITHOUT_HISTORY,
  /** The encoder refused its prompt. */
  REFUSED
}

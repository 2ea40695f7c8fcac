package org.llm4msr.runtime.knowledge.extraction;

import org.llm4msr.api.knowledge.EncoderInfo;

/** How long a text is tokenised at all: one of megabytes would take minutes, and is refused. */
public final class LongestText {

  private static final long CHARACTERS_A_TOKEN = 64;

  private LongestText() {}

  /** Returns the characters of a text above which it has more tokens than an encoder reads. */
  public static long of(EncoderInfo encoder) {
    return CHARACTERS_A_TOKEN * encoder.maxTokens();
  }
}

package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of the tokens that all prompts begin with, computed once and used as long as
 * prompts begin with them. Not thread-safe.
 */
final class SharedPrefix implements AutoCloseable {

  /** Fewer tokens are not worth a separate pass. */
  private static final int SHORTEST = 8;

  private final Decoder decoder;
  private long[] tokens = {};
  private @Nullable NDManager manager;
  private NDList kept = new NDList();

  SharedPrefix(Decoder decoder) {
    this.decoder = decoder;
  }

  /** Finds the prefix that some texts share, and returns its number of tokens. */
  int length(List<long[]> texts) {
    if (tokens.length > 0 && texts.stream().allMatch(text -> begins(text, tokens))) {
      return tokens.length;
    }
    int shared = texts.size() < 2 ? 0 : shared(texts);
    if (shared < SHORTEST) {
      return 0;
    }
    close();
    long[] begin = Arrays.copyOf(texts.get(0), shared);
    manager = decoder.newManager();
    try (NDManager step = decoder.newManager()) {
      kept = decoder.read(step, TokenBatch.of(List.of(begin), 0), null, true).kept();
      kept.attach(manager);
    }
    tokens = begin;
    return shared;
  }

  NDList kept() {
    return kept;
  }

  /** At least one token of every text is left over: the state of its last token is needed. */
  private static int shared(List<long[]> texts) {
    long[] first = texts.get(0);
    int shared = first.length - 1;
    for (long[] text : texts) {
      int end = Math.min(shared, text.length - 1);
      int mismatch = Arrays.mismatch(first, 0, end, text, 0, end);
      shared = mismatch < 0 ? end : mismatch;
    }
    return shared;
  }

  private static boolean begins(long[] text, long[] prefix) {
    return text.length > prefix.length
        && Arrays.equals(text, 0, prefix.length, prefix, 0, prefix.length);
  }

  @Override
  public void close() {
    if (manager != null) {
      manager.close();
      manager = null;
    }
    tokens = new long[0];
  }
}

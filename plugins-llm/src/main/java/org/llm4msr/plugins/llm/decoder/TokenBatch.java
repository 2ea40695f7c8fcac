package org.llm4msr.plugins.llm.decoder;

import java.util.ArrayList;
import java.util.List;

/**
 * Tokens to read, of several consecutive sequences, without padding. Sequences of equal length are
 * neighbours and form a group: attention is computed group by group, everything else for all tokens
 * at once.
 *
 * @param tokens ids of all sequences
 * @param groups in the order of the tokens
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record TokenBatch(long[] tokens, List<Group> groups) {

  /**
   * Sequences of one length.
   *
   * @param count number of sequences
   * @param length tokens of each in this batch
   * @param past tokens of each that were read before
   */
  record Group(int count, int length, int past) {

    int tokens() {
      return count * length;
    }

    int seen() {
      return past + length;
    }
  }

  /**
   * Joins sequences; those of equal length must be neighbours.
   *
   * @param past tokens that all have read before
   */
  static TokenBatch of(List<long[]> sequences, int past) {
    int total = sequences.stream().mapToInt(sequence -> sequence.length).sum();
    long[] tokens = new long[total];
    List<Group> groups = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < sequences.size(); ) {
      int first = i;
      int length = sequences.get(first).length;
      while (i < sequences.size() && sequences.get(i).length == length) {
        System.arraycopy(sequences.get(i), 0, tokens, at, length);
        at += length;
        i++;
      }
      groups.add(new Group(i - first, length, past));
    }
    return new TokenBatch(tokens, groups);
  }

  /** Returns a batch with the next token of each sequence. */
  TokenBatch next(long[] nextTokens) {
    return new TokenBatch(
        nextTokens,
        groups.stream()
            .map(group -> new Group(group.count(), 1, group.past() + group.length()))
            .toList());
  }

  int sequences() {
    return groups.stream().mapToInt(Group::count).sum();
  }

  /** Returns the position of each token in its sequence. */
  int[] positions() {
    int[] positions = new int[tokens.length];
    int at = 0;
    for (Group group : groups) {
      for (int token = 0; token < group.tokens(); token++) {
        positions[at++] = group.past() + token % group.length();
      }
    }
    return positions;
  }
}

package org.llm4msr.runtime.config.past;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.past.HistoryConfig.Until;

/**
 * What a model reads of the log of events.
 *
 * @param laterParts whether events of validation and test are read too
 * @param negatives whether negatives are read too
 * @param positive the further label that tells positives from negatives; null for the main one
 */
public record PastNeeds(boolean laterParts, boolean negatives, @Nullable String positive) {

  /**
   * Returns what a model needs; null if it reads no log.
   *
   * @param history its similarities, null if it reads none
   */
  public static @Nullable PastNeeds of(
      @Nullable HistoryConfig history, Collection<SequenceConfig> sequences) {
    List<SequenceConfig> ofLog = sequences.stream().filter(SequenceConfig::isOfLog).toList();
    if (history == null && ofLog.isEmpty()) {
      return null;
    }
    boolean ofHistory = history != null && history.until() == Until.ROW;
    return new PastNeeds(
        ofHistory || ofLog.stream().anyMatch(sequence -> sequence.until() == Until.ROW),
        (history != null && history.negatives())
            || ofLog.stream().anyMatch(sequence -> sequence.events() == SequenceConfig.Events.ALL),
        history == null ? null : history.positive());
  }
}

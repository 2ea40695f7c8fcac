package org.llm4msr.runtime.config.past;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.config.past.HistoryConfig.Until;

/**
 * What a model reads of the log of events.
 *
 * @param laterParts whether events of validation and test are read too
 * @param negatives whether negatives are read too
 * @param positive the further label that tells positives from negatives; null for the main one
 * @param others labels by which some sequences tell them in its place
 */
public record PastNeeds(
    boolean laterParts, boolean negatives, @Nullable String positive, SortedSet<String> others) {

  public PastNeeds {
    others = Collections.unmodifiableSortedSet(new TreeSet<>(others));
  }

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
    String positive = positive(history, ofLog);
    SortedSet<String> others = new TreeSet<>();
    for (SequenceConfig sequence : ofLog) {
      if (sequence.positive() != null) {
        others.add(sequence.positive());
      }
    }
    others.remove(Objects.requireNonNullElse(positive, RawSchema.LABEL));
    boolean ofHistory = history != null && history.until() == Until.ROW;
    return new PastNeeds(
        ofHistory || ofLog.stream().anyMatch(sequence -> sequence.until() == Until.ROW),
        (history != null && history.negatives())
            || ofLog.stream().anyMatch(sequence -> sequence.events() == SequenceConfig.Events.ALL),
        positive,
        others);
  }

  /** Returns the names of all these labels, the usual one first. */
  public List<String> labels() {
    List<String> labels = new ArrayList<>();
    labels.add(Objects.requireNonNullElse(positive, RawSchema.LABEL));
    labels.addAll(others);
    return labels;
  }

  /** Returns the label by which sequences go that name none, as far as one is needed. */
  private static @Nullable String positive(
      @Nullable HistoryConfig history, List<SequenceConfig> ofLog) {
    if (history != null) {
      return history.positive();
    }
    List<String> named = ofLog.stream().map(PastNeeds::named).distinct().limit(2).toList();
    return named.size() == 1 && !named.get(0).equals(RawSchema.LABEL) ? named.get(0) : null;
  }

  private static String named(SequenceConfig sequence) {
    return Objects.requireNonNullElse(sequence.positive(), RawSchema.LABEL);
  }
}

package org.llm4msr.runtime.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.past.HistoryConfig.Until;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Events;
import org.llm4msr.runtime.config.past.SequenceConfig.Newest;
import org.llm4msr.runtime.config.past.SequenceConfig.Pooling;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLogs;

/** A log of random events for {@link MemoryData}, and models that read it. */
final class TinySequences {

  /** The most events that a model reads. */
  static final int LENGTH = 4;

  /** An event; two of one user have different times. */
  record Event(int user, int item, boolean positive, long time) {}

  private TinySequences() {}

  /** Draws events: users have none to about ten, and items that come again. */
  static List<Event> events(int count) {
    Random random = new Random(3);
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                new Event(
                    random.nextInt(MemoryData.USERS * 3 / 4),
                    random.nextInt(MemoryData.ITEMS / 3),
                    random.nextInt(3) > 0,
                    i))
        .toList();
  }

  /** Returns by definition the items that a user met before a time, newest first. */
  static List<Integer> past(List<Event> events, int user, long time, boolean all, int length) {
    List<Integer> items = new ArrayList<>();
    for (int i = events.size() - 1; i >= 0 && items.size() < length; i--) {
      Event event = events.get(i);
      if (event.user() == user && event.time() < time && (all || event.positive())) {
        items.add(event.item());
      }
    }
    return items;
  }

  static SequenceInputs inputs(List<Event> events) {
    EventLogs logs =
        EventLogs.of(
            visitor ->
                events.forEach(
                    event ->
                        visitor.visit(
                            Split.TRAIN,
                            event.user(),
                            event.item(),
                            0,
                            event.positive(),
                            event.time(),
                            0)),
            MemoryData.USERS,
            true);
    return new SequenceInputs(
        logs,
        "item",
        field ->
            IntStream.rangeClosed(0, MemoryData.ITEMS).map(i -> i % MemoryData.ITEMS).toArray());
  }

  static SequenceConfig of(@Nullable String of, Pooling pooling, boolean all, boolean softmax) {
    return of(of, pooling, all, softmax, Activation.SIGMOID);
  }

  static SequenceConfig of(
      @Nullable String of, Pooling pooling, boolean all, boolean softmax, Activation activation) {
    return new SequenceConfig(
        of,
        null,
        LENGTH,
        all ? Events.ALL : Events.POSITIVES,
        Until.TRAINING,
        Newest.LAST,
        pooling,
        List.of(5, 3),
        activation,
        softmax);
  }

  /** Returns a sequence with a table of its own. */
  static SequenceConfig own(SequenceConfig of) {
    return new SequenceConfig(
        of.of(),
        of.table(),
        of.length(),
        of.events(),
        of.until(),
        of.newest(),
        of.pooling(),
        of.hidden(),
        of.activation(),
        of.softmax(),
        of.positive(),
        true);
  }

  /** Returns a model with sequences. */
  static ModelConfig with(
      ModelConfig plain, boolean linear, Map<String, SequenceConfig> sequences) {
    return Records.with(Records.with(plain, "linear", linear), "sequences", sequences);
  }
}

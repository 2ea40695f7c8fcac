package org.llm4msr.runtime.assembly.sequences;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.past.HistoryConfig.Until;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Events;
import org.llm4msr.runtime.config.past.SequenceConfig.Newest;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.past.PastEvents;
import org.llm4msr.runtime.knowledge.past.PastReader;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.FieldValues;
import org.llm4msr.runtime.tables.FieldValues.IdLists;
import org.llm4msr.runtime.tables.Workers;

/**
 * The ids of the sequences of a batch, newest first, in memory that the next batch reuses. For one
 * thread at a time; workers share the rows.
 */
public final class BatchSequences {

  private static final int GRAIN = 64;

  private final List<One> all = new ArrayList<>();
  private final Workers workers;

  BatchSequences(List<ModelSequences.Part> parts, @Nullable EventLogs events, Workers workers) {
    this.workers = workers;
    for (ModelSequences.Part part : parts) {
      all.add(new One(part, events));
    }
  }

  /** Reads some ids of a row into an array; returns how many. */
  @FunctionalInterface
  private interface Reader {
    int read(Batch batch, int row, int[] target, int at);
  }

  /**
   * Returns the values of the fields of a batch, then the ids of the sequences.
   *
   * @param past the batch whose users and times tell the past of the rows
   */
  public List<FieldValues> of(Batch batch, Batch past) {
    if (all.isEmpty()) {
      return batch.fields;
    }
    List<FieldValues> values = new ArrayList<>(batch.fields);
    for (One one : all) {
      values.add(one.read(past, batch.size));
    }
    return values;
  }

  /** Returns the values of the fields of a batch, then sequences without an event. */
  public List<FieldValues> without(Batch batch) {
    List<FieldValues> values = new ArrayList<>(batch.fields);
    all.forEach(one -> values.add(new IdLists(batch.size)));
    return values;
  }

  /** One sequence. */
  private final class One {
    private final int length;
    private final List<Reader> readers;
    private int[] ids = new int[0]; // (B, L)
    private int[] counts = new int[0];
    private IdLists lists = new IdLists(0);

    One(ModelSequences.Part part, @Nullable EventLogs events) {
      SequenceField field = part.field();
      length = field.config().length();
      readers =
          IntStream.range(0, workers.threads()).mapToObj(worker -> reader(part, events)).toList();
    }

    private static Reader reader(ModelSequences.Part part, @Nullable EventLogs events) {
      SequenceField field = part.field();
      int[] ids = part.ids();
      SequenceConfig config = field.config();
      Integer source = field.source();
      if (source != null) {
        boolean reversed = config.newest() == Newest.LAST;
        return (batch, row, target, at) ->
            read((IdLists) batch.fields.get(source), row, config.length(), reversed, target, at);
      }
      if (events == null) {
        throw new IllegalArgumentException("no events for the sequence " + field.name());
      }
      Split last = config.until() == Until.ROW ? Split.TEST : Split.TRAIN;
      PastReader reader =
          new PastReader(
              events,
              config.positive(),
              config.events() == Events.ALL,
              config.length(),
              last.number());
      return (batch, row, target, at) -> {
        PastEvents past = reader.read(batch, row);
        for (int event = 0; event < past.size(); event++) {
          target[at + event] =
              part.ofScenarios()
                  ? ids[past.scenario(event) < 0 ? ids.length - 1 : past.scenario(event)]
                  : ids[past.item(event)];
        }
        return past.size();
      };
    }

    private static int read(
        IdLists lists, int row, int length, boolean reversed, int[] target, int at) {
      if (lists.hasNoneKnown(row)) {
        return 0;
      }
      int from = row == 0 ? 0 : lists.offsets[row];
      int to = lists.offsets[row + 1];
      int count = Math.min(length, to - from);
      for (int i = 0; i < count; i++) {
        target[at + i] = lists.ids[reversed ? to - 1 - i : from + i];
      }
      return count;
    }

    IdLists read(Batch batch, int rows) {
      if (counts.length < rows) {
        ids = new int[Math.multiplyExact(rows, length)];
        counts = new int[rows];
        lists = new IdLists(rows);
      }
      workers.range(
          rows,
          GRAIN,
          (worker, from, to) -> {
            Reader reader = readers.get(worker);
            for (int row = from; row < to; row++) {
              counts[row] = reader.read(batch, row, ids, row * length);
            }
          });
      pack(rows);
      return lists;
    }

    private void pack(int rows) {
      for (int row = 0; row < rows; row++) {
        lists.offsets[row + 1] = lists.offsets[row] + counts[row];
      }
      if (lists.ids.length < lists.offsets[rows]) {
        lists.ids = new int[Math.max(lists.offsets[rows], rows * length)];
      }
      for (int row = 0; row < rows; row++) {
        System.arraycopy(ids, row * length, lists.ids, lists.offsets[row], counts[row]);
      }
    }
  }
}

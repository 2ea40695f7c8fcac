package org.llm4msr.runtime.assembly.sequences;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.config.past.HistoryConfig.Until;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Events;
import org.llm4msr.runtime.config.past.SequenceConfig.Newest;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.past.PastEvents;
import org.llm4msr.runtime.knowledge.past.PastReader;
import org.llm4msr.runtime.tables.SequenceLists;
import org.llm4msr.runtime.tables.Workers;

/**
 * The ids of the sequences of a batch, newest first, in memory that the next batch reuses. For one
 * thread at a time; workers share the rows.
 */
public final class BatchSequences {

  private static final int GRAIN = 64;

  /** Rows whose ids are moved at a time. */
  private static final int PACKED = 512;

  private final List<One> all = new ArrayList<>();
  private final Workers workers;

  BatchSequences(List<ModelSequences.Part> parts, @Nullable EventLogs events, Workers workers) {
    this.workers = workers;
    for (ModelSequences.Part part : parts) {
      all.add(new One(part, events));
    }
  }

  /** Reads ids of the rows {@code from} to {@code to - 1}. */
  @FunctionalInterface
  private interface Reader {
    void read(Batch batch, int from, int to);
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
    all.forEach(one -> values.add(new SequenceLists(batch.size)));
    return values;
  }

  /** One sequence. */
  private final class One {
    private final int length;
    private final List<Reader> readers;
    private int[] ids = new int[0]; // (B, L)
    private int[] counts = new int[0];
    private SequenceLists lists = new SequenceLists(0);

    One(ModelSequences.Part part, @Nullable EventLogs events) {
      SequenceField field = part.field();
      length = field.config().length();
      readers =
          IntStream.range(0, workers.threads()).mapToObj(worker -> reader(part, events)).toList();
    }

    private Reader reader(ModelSequences.Part part, @Nullable EventLogs events) {
      SequenceField field = part.field();
      SequenceConfig config = field.config();
      Integer source = field.source();
      if (source != null) {
        boolean reversed = config.newest() == Newest.LAST;
        return (batch, from, to) -> {
          IdLists own = (IdLists) batch.fields.get(source);
          for (int row = from; row < to; row++) {
            take(own, row, reversed);
          }
        };
      }
      if (events == null) {
        throw new IllegalArgumentException("no events for the sequence " + field.name());
      }
      Split last = config.until() == Until.ROW ? Split.TEST : Split.TRAIN;
      PastReader reader =
          new PastReader(
              events, config.positive(), config.events() == Events.ALL, length, last.number());
      return (batch, from, to) ->
          reader.read(batch, from, to, (row, past) -> take(part, row, past));
    }

    private void take(IdLists own, int row, boolean reversed) {
      int from = row == 0 ? 0 : own.offsets[row];
      int to = own.offsets[row + 1];
      counts[row] = own.hasNoneKnown(row) ? 0 : Math.min(length, to - from);
      for (int i = 0; i < counts[row]; i++) {
        ids[row * length + i] = own.ids[reversed ? to - 1 - i : from + i];
      }
    }

    private void take(ModelSequences.Part part, int row, PastEvents past) {
      int[] idOf = part.ids();
      for (int event = 0; event < past.size(); event++) {
        int index = part.ofScenarios() ? past.scenario(event) : past.item(event);
        ids[row * length + event] = idOf[index < 0 ? idOf.length - 1 : index];
      }
      counts[row] = past.size();
    }

    SequenceLists read(Batch batch, int rows) {
      if (counts.length < rows) {
        ids = new int[Math.multiplyExact(rows, length)];
        counts = new int[rows];
        lists = new SequenceLists(rows);
      }
      workers.range(rows, GRAIN, (worker, from, to) -> readers.get(worker).read(batch, from, to));
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
      workers.range(
          rows,
          PACKED,
          (worker, from, to) -> {
            for (int row = from; row < to; row++) {
              System.arraycopy(ids, row * length, lists.ids, lists.offsets[row], counts[row]);
            }
          });
    }
  }
}

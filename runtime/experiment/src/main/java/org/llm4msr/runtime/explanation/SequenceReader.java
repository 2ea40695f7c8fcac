package org.llm4msr.runtime.explanation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.llm4msr.runtime.assembly.ModelProbe;
import org.llm4msr.runtime.assembly.sequences.SequenceField;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.data.prepared.ItemIds;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.explanation.Explanation.ReadSequence;

/** Tells which values the sequences of rows read. For one explanation. */
final class SequenceReader {

  /** What stands for a value that is not in the vocabulary. */
  private static final String UNKNOWN = "?";

  private final ModelProbe probe;
  private final List<SequenceField> sequences;

  /** What the ids of each sequence are called, from 1. */
  private final List<List<String>> names = new ArrayList<>();

  private final List<Boolean> ofItems = new ArrayList<>();

  /**
   * Makes a reader.
   *
   * @param prepared folder of the model's data
   */
  SequenceReader(ModelProbe probe, Path prepared) {
    this.probe = probe;
    sequences = probe.sequences();
    PreparedIds ids = PreparedIds.open(prepared);
    Optional<PreparedField> items = new ItemIds(prepared, ids.manifest()).field();
    for (SequenceField sequence : sequences) {
      PreparedField field = ids.manifest().fields().get(sequence.table());
      names.add(ids.names(field));
      ofItems.add(items.filter(field::equals).isPresent());
    }
  }

  /** What the rows of one batch read. */
  interface Rows {

    /** Returns the sequences of a row. */
    List<ReadSequence> get(int row);
  }

  /** Reads the sequences of a batch; the rows are asked for before the next. */
  Rows of(Batch batch) {
    List<IdLists> lists = sequences.isEmpty() ? List.of() : probe.sequenceIds(batch);
    return row -> {
      List<ReadSequence> read = new ArrayList<>();
      for (int s = 0; s < lists.size(); s++) {
        List<String> values = new ArrayList<>();
        for (int i = lists.get(s).offsets[row]; i < lists.get(s).offsets[row + 1]; i++) {
          int id = lists.get(s).ids[i];
          values.add(id == 0 ? UNKNOWN : names.get(s).get(id - 1));
        }
        read.add(new ReadSequence(sequences.get(s).name(), values, ofItems.get(s)));
      }
      return read;
    };
  }
}

package org.llm4msr.runtime.training;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;

/** Counts the table rows that the workers of a batch touch. */
final class TouchedRows {

  private TouchedRows() {}

  /** Returns their sum over the workers, whose rows are consecutive ones by scenario. */
  static long of(Batch batch, int workers) {
    List<Integer> order =
        IntStream.range(0, batch.size)
            .boxed()
            .sorted(Comparator.comparing(row -> batch.scenario[row]))
            .toList();
    boolean divided = batch.size >= 2 * workers;
    long touched = 0;
    for (int r = 0; r < workers; r++) {
      int from = divided ? batch.size * r / workers : 0;
      int to = divided ? batch.size * (r + 1) / workers : batch.size;
      List<Set<Integer>> rows = new ArrayList<>();
      batch.fields.forEach(field -> rows.add(new HashSet<>()));
      for (int row : order.subList(from, to)) {
        for (int f = 0; f < rows.size(); f++) {
          if (batch.fields.get(f) instanceof Ids ids) {
            rows.get(f).add(ids.ids()[row]);
          } else if (batch.fields.get(f) instanceof IdLists lists) {
            for (int i = lists.offsets[row]; i < lists.offsets[row + 1]; i++) {
              rows.get(f).add(lists.ids[i]);
            }
          } else {
            rows.get(f).add(0); // A number scales one vector.
          }
        }
      }
      touched += rows.stream().mapToInt(Set::size).sum();
    }
    return touched;
  }
}

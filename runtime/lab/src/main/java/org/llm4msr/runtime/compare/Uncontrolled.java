package org.llm4msr.runtime.compare;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;

/**
 * Finds models that read knowledge and are significantly better than one that reads none, where no
 * model of their group reads a control in its place: more parameters may gain as much.
 */
final class Uncontrolled {

  /** What a model reads. */
  enum Reading {
    NOTHING,
    KNOWLEDGE,
    CONTROL
  }

  private final Map<Cell, Reading> readings = new HashMap<>();

  void put(Cell cell, Reading reading) {
    readings.put(cell, reading);
  }

  /**
   * Returns their names.
   *
   * @param models in the order of the grid's cells
   */
  List<String> of(Grid grid, List<Model> models) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      Cell cell = grid.cells().get(i);
      List<Cell> group = grid.group(cell);
      boolean gains = models.get(i).scores().stream().anyMatch(Uncontrolled::isGain);
      boolean byKnowledge =
          is(cell, Reading.KNOWLEDGE)
              && group.stream().anyMatch(other -> other.baseline() && is(other, Reading.NOTHING));
      if (gains && byKnowledge && group.stream().noneMatch(other -> is(other, Reading.CONTROL))) {
        names.add(cell.toString());
      }
    }
    return names;
  }

  private boolean is(Cell cell, Reading reading) {
    return readings.get(cell) == reading;
  }

  private static boolean isGain(Score score) {
    Difference difference = score.difference();
    return difference != null && difference.significant() && difference.mean() > 0;
  }

  /** Returns what a table says below; empty if there are none. */
  static String note(List<String> names) {
    return names.isEmpty()
        ? ""
        : "No control: %s gained, but vectors that say nothing may gain as well. `controls: [shuffled]` trains models that read them."
            .formatted(String.join(", ", names));
  }
}

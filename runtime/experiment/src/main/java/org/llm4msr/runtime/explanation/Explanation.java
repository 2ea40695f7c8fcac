package org.llm4msr.runtime.explanation;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbourhood;
import org.llm4msr.runtime.terms.ScoreParts;

/**
 * What a model knows, and what its scores are made of. Every figure is computed by the model or
 * from the vectors that it reads.
 *
 * @param run name of the run, whose best state this is
 * @param head name of the fusion head
 * @param levels the levels of knowledge that the model reads
 * @param part the part whose rows were scored; null for one user with one item
 * @param scenarios the scenarios, by rank
 * @param subjects what is known of the user, the item, and the scenario or all of them
 * @param likenesses how alike the scenarios are
 * @param watched the parameters that the head watches, as {@code metrics.jsonl} has them
 * @param rows the rows of a user
 * @param means over the rows, per scenario and overall
 * @param items texts of the items of the rows and their sequences, by raw id; of those that have
 *     one
 * @param leakFutureInteractions whether prompts reveal validation and test rows
 * @param readsLaterParts whether rows read earlier events of validation and test
 */
public record Explanation(
    String run,
    String head,
    List<Level> levels,
    @Nullable String part,
    List<ScenarioName> scenarios,
    List<Subject> subjects,
    List<Likeness> likenesses,
    List<EpochValues> watched,
    List<ExplainedRow> rows,
    List<ScenarioMeans> means,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> items,
    boolean leakFutureInteractions,
    boolean readsLaterParts) {

  /** The file of a run's last explanation. */
  public static final String FILE = "explanation.json";

  public Explanation {
    requireNonNull(run, "run is null");
    requireNonNull(head, "head is null");
    levels = List.copyOf(levels);
    scenarios = List.copyOf(scenarios);
    subjects = List.copyOf(subjects);
    likenesses = List.copyOf(likenesses);
    watched = List.copyOf(watched);
    rows = List.copyOf(rows);
    means = List.copyOf(means);
    // Files of earlier versions have none.
    items = items == null ? Map.of() : Map.copyOf(items);
  }

  /** A scenario's key, and its name in tables. */
  public record ScenarioName(String key, String name) {}

  /**
   * What is known of a user, a scenario or an item.
   *
   * @param read whether the model reads this level
   * @param knowledge null where it has no vector
   */
  public record Subject(Level level, String key, boolean read, @Nullable Neighbourhood knowledge) {}

  /**
   * How alike the scenarios are.
   *
   * @param what what they are compared by
   * @param numbers how many numbers of a scenario are compared
   * @param cosines by rank; null where a scenario has none
   */
  public record Likeness(String what, int numbers, List<List<@Nullable Double>> cosines) {

    public Likeness {
      List<List<@Nullable Double>> rows = new ArrayList<>();
      cosines.forEach(row -> rows.add(new ArrayList<>(row)));
      cosines = rows;
    }
  }

  /**
   * A row.
   *
   * @param item null where the data does not name it
   * @param label null for a row that the data does not have
   * @param sequences what they read; none of a model without
   */
  public record ExplainedRow(
      String user,
      String scenario,
      @Nullable String item,
      @Nullable Integer label,
      ScoreParts parts,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<ReadSequence> sequences) {

    public ExplainedRow {
      // Files of earlier versions have none.
      sequences = sequences == null ? List.of() : List.copyOf(sequences);
    }
  }

  /**
   * A sequence of a row.
   *
   * @param values of its events, newest first; {@code ?} is not in the vocabulary
   * @param ofItems whether the values are raw ids of items
   */
  public record ReadSequence(String name, List<String> values, boolean ofItems) {

    public ReadSequence {
      values = List.copyOf(values);
    }
  }

  /**
   * The means of the rows of a scenario.
   *
   * @param scenario its key; null for all rows
   */
  public record ScenarioMeans(@Nullable String scenario, ScoreParts parts) {}
}

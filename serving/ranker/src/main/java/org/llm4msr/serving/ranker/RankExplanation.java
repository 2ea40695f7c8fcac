package org.llm4msr.serving.ranker;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.terms.ScoreParts;

/**
 * What the scores of a request are made of. Scores are those of the engine that trained the model:
 * the probabilities of the ranker, within 1e-5.
 *
 * @param head name of the fusion head
 * @param digest of the bundle
 * @param shared what is told of all items at once
 * @param items by place; null where an item was not scored
 */
public record RankExplanation(
    String head, String digest, Part shared, List<@Nullable ItemPart> items) {

  public RankExplanation {
    items = Collections.unmodifiableList(new ArrayList<>(items));
  }

  /** Where the vector of a level comes from. */
  public enum VectorOrigin {
    /** The bundle. */
    BUNDLE,
    /** What was given to the ranker since. */
    UPDATED,
    /** The request. */
    REQUEST,
    /** There is none, so what users and items without a vector read is read. */
    MISSING
  }

  /** The vector of a level that the model reads. */
  public record Vector(Level level, VectorOrigin origin) {}

  /**
   * What the model reads.
   *
   * @param values by column
   * @param knowledge the vectors of the levels that the model reads
   */
  public record Part(List<RowValue> values, List<Vector> knowledge) {

    public Part {
      values = List.copyOf(values);
      knowledge = List.copyOf(knowledge);
    }
  }

  /**
   * An item.
   *
   * @param read what the model reads of it alone
   */
  public record ItemPart(Part read, ScoreParts score) {}
}

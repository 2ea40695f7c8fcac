package org.llm4msr.runtime.evaluation;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import java.util.List;

/**
 * How well models order the rows of a group, such as an impression: means over the groups with a
 * positive. Rows of equal score have every order equally often. A metric that is not defined is
 * NaN, in JSON null.
 *
 * @param name the scenario's key, or {@value Metrics#OVERALL}
 * @param groups groups with a positive
 * @param mixedGroups groups with a positive and a negative
 * @param first what is among the first rows
 * @param mrr mean of 1 / rank of the first positive
 * @param auc mean AUC of the groups with both classes, each counting once
 */
public record RankingMetrics(
    String name,
    long groups,
    long mixedGroups,
    List<First> first,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double mrr,
    @JsonSerialize(using = NanAsNull.Writer.class) @JsonDeserialize(using = NanAsNull.Reader.class)
        double auc) {

  public RankingMetrics {
    first = List.copyOf(first);
  }

  /**
   * The first k rows of each group.
   *
   * @param k how many
   * @param ndcg discounted cumulative gain, 1 / log2(rank + 1) per positive, divided by the largest
   *     that the group allows
   * @param hitRate share of groups with a positive among them
   */
  public record First(
      int k,
      @JsonSerialize(using = NanAsNull.Writer.class)
          @JsonDeserialize(using = NanAsNull.Reader.class)
          double ndcg,
      @JsonSerialize(using = NanAsNull.Writer.class)
          @JsonDeserialize(using = NanAsNull.Reader.class)
          double hitRate) {}
}

package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;

/** Adds up the metrics of groups. */
final class RankingSums {

  private final int[] cutoffs;
  private final double[] ndcg;
  private final double[] hits;
  private double reciprocalRanks;
  private double aucs;
  private long groups;
  private long mixedGroups;

  RankingSums(int[] cutoffs) {
    this.cutoffs = cutoffs;
    ndcg = new double[cutoffs.length];
    hits = new double[cutoffs.length];
  }

  /** Takes a group, unless it has no positive, and clears it for the next. */
  void add(RankedGroup group) {
    group.finish();
    if (group.hasPositive()) {
      groups++;
      reciprocalRanks += group.reciprocalRank();
      for (int c = 0; c < cutoffs.length; c++) {
        ndcg[c] += group.ndcg(c);
        hits[c] += group.hit(c);
      }
    }
    if (group.hasBothClasses()) {
      mixedGroups++;
      aucs += group.auc();
    }
    group.clear();
  }

  RankingMetrics metrics(String name) {
    List<RankingMetrics.First> first = new ArrayList<>();
    for (int c = 0; c < cutoffs.length; c++) {
      first.add(new RankingMetrics.First(cutoffs[c], ndcg[c] / groups, hits[c] / groups));
    }
    return new RankingMetrics(
        name, groups, mixedGroups, first, reciprocalRanks / groups, aucs / mixedGroups);
  }
}

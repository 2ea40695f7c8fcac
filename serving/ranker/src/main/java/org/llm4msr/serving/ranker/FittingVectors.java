package org.llm4msr.serving.ranker;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.rows.FreshVectors;

/** Those of some vectors that have the width that a model reads. */
record FittingVectors(FreshVectors all, KnowledgeWidths widths) implements FreshVectors {

  @Override
  public float @Nullable [] ofUser(String user) {
    return fitting(widths.users() == 0 ? null : all.ofUser(user), widths.users());
  }

  @Override
  public boolean hasScenarios() {
    return widths.scenarios() > 0 && all.hasScenarios();
  }

  @Override
  public float @Nullable [] ofScenario(String scenario) {
    return fitting(all.ofScenario(scenario), widths.scenarios());
  }

  @Override
  public boolean hasItems() {
    return widths.items() > 0 && all.hasItems();
  }

  @Override
  public float @Nullable [] ofItem(String item) {
    return fitting(widths.items() == 0 ? null : all.ofItem(item), widths.items());
  }

  private static float @Nullable [] fitting(float @Nullable [] vector, int width) {
    return vector == null || vector.length != width ? null : vector;
  }
}

package org.llm4msr.serving.ranker;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.rows.FreshVectors;

/** Those of some vectors that have the width that a model reads. */
record FittingVectors(FreshVectors all, int ofUsers, int ofItems) implements FreshVectors {

  @Override
  public float @Nullable [] ofUser(String user) {
    return fitting(ofUsers == 0 ? null : all.ofUser(user), ofUsers);
  }

  @Override
  public boolean hasItems() {
    return ofItems > 0 && all.hasItems();
  }

  @Override
  public float @Nullable [] ofItem(String item) {
    return fitting(ofItems == 0 ? null : all.ofItem(item), ofItems);
  }

  private static float @Nullable [] fitting(float @Nullable [] vector, int width) {
    return vector == null || vector.length != width ? null : vector;
  }
}

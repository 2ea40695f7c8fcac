package org.llm4msr.runtime.training;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.tables.Batch;

/**
 * Lays the rows of a batch out scenario by scenario, each in the order of the batch: layers of the
 * scenarios then move no rows. Its batch is reused.
 */
final class ScenarioOrder {

  private final int scenarios;
  private @Nullable Batch target;
  private int[] order = new int[0];

  ScenarioOrder(int scenarios) {
    this.scenarios = scenarios;
  }

  /** Returns the rows in order, valid until the next call. */
  Batch of(Batch batch) {
    Batch to = target(batch);
    findOrder(batch);
    to.size = batch.size;
    for (int i = 0; i < batch.size; i++) {
      int from = order[i];
      to.scenario[i] = batch.scenario[from];
      to.user[i] = batch.user[from];
      to.item[i] = batch.item[from];
      to.time[i] = batch.time[from];
      to.group[i] = batch.group[from];
      to.label[i] = batch.label[from];
      to.row[i] = batch.row[from];
    }
    for (int f = 0; f < batch.fields.size(); f++) {
      to.fields.get(f).pick(batch.fields.get(f), order, batch.size);
    }
    return to;
  }

  private Batch target(Batch batch) {
    if (target == null || target.scenario.length < batch.size) {
      target = Batch.like(batch);
      order = new int[batch.scenario.length];
    }
    return target;
  }

  /** A counting sort. */
  private void findOrder(Batch batch) {
    int[] next = new int[scenarios + 1];
    for (int i = 0; i < batch.size; i++) {
      next[batch.scenario[i] + 1]++;
    }
    for (int s = 0; s < scenarios; s++) {
      next[s + 1] += next[s];
    }
    for (int i = 0; i < batch.size; i++) {
      order[next[batch.scenario[i]]++] = i;
    }
  }
}

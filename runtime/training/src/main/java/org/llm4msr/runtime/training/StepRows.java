package org.llm4msr.runtime.training;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;

/**
 * The rows of a batch that a step trains on: those of weight 0 are left out, so that they change
 * neither tables nor what is drawn. Rows may be laid out scenario by scenario, each in the order of
 * the batch: layers of the scenarios then move no rows. Its batch is reused.
 */
final class StepRows {

  private final int scenarios;
  private final boolean byScenario;
  private @Nullable Batch target;
  private int[] order = new int[0];

  /**
   * Makes an order.
   *
   * @param byScenario whether the rows of a scenario are to lie together
   */
  StepRows(int scenarios, boolean byScenario) {
    this.scenarios = byScenario ? scenarios : 1;
    this.byScenario = byScenario;
  }

  /**
   * Returns the rows with their weights, valid until the next call.
   *
   * @param weights of the rows, null where all count 1
   */
  Batch of(Batch batch, float @Nullable [] weights) {
    if (!byScenario && weights == null && batch.weight == null) {
      return batch;
    }
    Batch to = target(batch);
    to.size = findOrder(batch, weights);
    to.weight = weights == null ? null : new float[to.size];
    for (int i = 0; i < to.size; i++) {
      int from = order[i];
      to.scenario[i] = batch.scenario[from];
      to.user[i] = batch.user[from];
      to.item[i] = batch.item[from];
      to.time[i] = batch.time[from];
      to.group[i] = batch.group[from];
      to.label[i] = batch.label[from];
      to.row[i] = batch.row[from];
      if (to.weight != null && weights != null) {
        to.weight[i] = weights[from];
      }
      to.takeLabels(batch, from, i);
    }
    for (int f = 0; f < batch.fields.size(); f++) {
      to.fields.get(f).pick(batch.fields.get(f), order, to.size);
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

  /** A counting sort; returns how many rows it keeps. */
  private int findOrder(Batch batch, float @Nullable [] weights) {
    int[] next = new int[scenarios + 1];
    for (int i = 0; i < batch.size; i++) {
      if (weights == null || weights[i] > 0) {
        next[place(batch, i) + 1]++;
      }
    }
    for (int s = 0; s < scenarios; s++) {
      next[s + 1] += next[s];
    }
    for (int i = 0; i < batch.size; i++) {
      if (weights == null || weights[i] > 0) {
        order[next[place(batch, i)]++] = i;
      }
    }
    return next[scenarios];
  }

  private int place(Batch batch, int row) {
    return byScenario ? batch.scenario[row] : 0;
  }
}

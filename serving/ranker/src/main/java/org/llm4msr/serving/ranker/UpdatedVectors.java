package org.llm4msr.serving.ranker;

import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.ItemVectors;

/** Tells which vectors a model reads that neither the bundle has nor the request brought. */
final class UpdatedVectors {

  private UpdatedVectors() {}

  /** Returns whether the user of a request has one. */
  static boolean ofUser(Batch shared) {
    return shared.userVectors != null && shared.userVectors[0] != null;
  }

  /** Returns whether the scenario of a request has one. */
  static boolean ofScenario(Batch shared) {
    return shared.scenarioVectors != null && shared.scenarioVectors[shared.scenario[0]] != null;
  }

  /**
   * Returns whether an item has one.
   *
   * @param row that of the item in the batch
   */
  static boolean ofItem(Batch batch, int row, RankRequest request, int place) {
    return batch.itemVectors != null
        && batch.itemVectors[row] != null
        && !isBrought(request, request.item(place));
  }

  private static boolean isBrought(RankRequest request, RankItem item) {
    Object brought =
        item.fields().containsKey(ItemVectors.COLUMN)
            ? item.fields().get(ItemVectors.COLUMN)
            : request.context().get(ItemVectors.COLUMN);
    return brought != null;
  }
}

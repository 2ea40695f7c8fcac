package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.Collections;
import java.util.function.UnaryOperator;
import org.llm4msr.api.model.Features;

/** Features whose knowledge is spoilt. */
record OtherKnowledge(
    Features features,
    UnaryOperator<NDArray> users,
    UnaryOperator<NDArray> scenarios,
    UnaryOperator<NDArray> items)
    implements Features {

  /** Reverses the order of the rows. */
  static NDArray reversed(NDArray rows) {
    long count = rows.getShape().get(0);
    if (count == 1) {
      return rows;
    }
    NDList all = rows.split(count);
    Collections.reverse(all);
    return NDArrays.concat(all);
  }

  @Override
  public NDArray userKnowledge() {
    return users.apply(features.userKnowledge());
  }

  @Override
  public NDArray scenarioKnowledge() {
    return scenarios.apply(features.scenarioKnowledge());
  }

  @Override
  public NDArray itemKnowledge() {
    return items.apply(features.itemKnowledge());
  }

  @Override
  public NDArray flat() {
    return features.flat();
  }

  @Override
  public NDArray fields() {
    return features.fields();
  }

  @Override
  public NDArray scenarioTable() {
    return features.scenarioTable();
  }

  @Override
  public NDArray scenarioEmbedding() {
    return features.scenarioEmbedding();
  }

  @Override
  public NDArray history() {
    return features.history();
  }

  @Override
  public Features withFlat(NDArray flat) {
    return new OtherKnowledge(features.withFlat(flat), users, scenarios, items);
  }
}

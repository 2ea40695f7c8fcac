package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Sequence;

/**
 * Features in which a learned vector is added to the knowledge of users or items, as the runtime
 * does for those without knowledge if {@code missing} is {@code learned}.
 */
public record ShiftedKnowledge(Features features, Parameter shift, Level level)
    implements Features {

  /** The name of the learned vector, relative to its context. */
  static final String SHIFT = "learned-knowledge";

  /** Makes the learned vector, of zeros. */
  public static Parameter shift(ModelContext context, int knowledgeSize) {
    return context.parameter(SHIFT, new Shape(1, knowledgeSize), Initializer.zeros(), Decay.NO);
  }

  @Override
  public NDArray userKnowledge() {
    NDArray knowledge = features.userKnowledge();
    return level == Level.USER ? knowledge.add(shift.array()) : knowledge;
  }

  @Override
  public NDArray itemKnowledge() {
    NDArray knowledge = features.itemKnowledge();
    return level == Level.ITEM ? knowledge.add(shift.array()) : knowledge;
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
  public NDArray scenarioKnowledge() {
    return features.scenarioKnowledge();
  }

  @Override
  public NDArray history() {
    return features.history();
  }

  @Override
  public List<Sequence> sequences() {
    return features.sequences();
  }

  @Override
  public Features withFlat(NDArray flat) {
    return new ShiftedKnowledge(features.withFlat(flat), shift, level);
  }
}

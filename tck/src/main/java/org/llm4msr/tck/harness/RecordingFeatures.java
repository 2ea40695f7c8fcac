package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Sequence;

/** Features that record which of them are read. */
public record RecordingFeatures(Features features, Set<ModelInput> read) implements Features {

  @Override
  public NDArray flat() {
    return features.flat();
  }

  @Override
  public NDArray fields() {
    read.add(ModelInput.FIELDS);
    return features.fields();
  }

  @Override
  public NDArray scenarioTable() {
    read.add(ModelInput.SCENARIO_EMBEDDING);
    return features.scenarioTable();
  }

  @Override
  public NDArray scenarioEmbedding() {
    read.add(ModelInput.SCENARIO_EMBEDDING);
    return features.scenarioEmbedding();
  }

  @Override
  public NDArray userKnowledge() {
    read.add(ModelInput.USER_KNOWLEDGE);
    return features.userKnowledge();
  }

  @Override
  public NDArray scenarioKnowledge() {
    read.add(ModelInput.SCENARIO_KNOWLEDGE);
    return features.scenarioKnowledge();
  }

  @Override
  public NDArray itemKnowledge() {
    read.add(ModelInput.ITEM_KNOWLEDGE);
    return features.itemKnowledge();
  }

  @Override
  public NDArray history() {
    read.add(ModelInput.HISTORY);
    return features.history();
  }

  @Override
  public List<Sequence> sequences() {
    read.add(ModelInput.SEQUENCES);
    return features.sequences();
  }

  @Override
  public Features withFlat(NDArray flat) {
    return new RecordingFeatures(features.withFlat(flat), read);
  }
}

package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.cluster.SparkConfig;
import org.llm4msr.runtime.config.past.PastNeeds;

/** One experiment: data, knowledge, model and training. The root of the YAML file. */
public record ExperimentConfig(
    @Setting(value = "Folder for prepared data, knowledge and runs", defaultValue = "work")
        String workspace,
    @Setting("The raw data and how it is prepared") @Valid DatasetConfig dataset,
    @Setting("Prompts and language model; needed by heads that read knowledge") @Valid
        @Nullable KnowledgeConfig knowledge,
    @Setting("Backbone, fusion head and meta networks; needed to train") @Valid
        @Nullable ModelConfig model,
    @Setting(value = "Optimiser, schedule and stopping", defaultValue = "{}") @Valid
        TrainingConfig training,
    @Setting(value = "How trained models compute", defaultValue = "{}") @Valid
        InferenceConfig scoring,
    @Setting(value = "What evaluations tell apart", defaultValue = "{}") @Valid
        EvaluationConfig evaluation,
    @Setting(value = "Engine, device and threads", defaultValue = "{}") @Valid
        RuntimeConfig runtime,
    @Setting(value = "How jobs run on Apache Spark", operational = true) @Valid
        @Nullable SparkConfig spark) {

  /** Returns whether there is a model that reads knowledge of any level. */
  public boolean readsKnowledge() {
    return model != null && (model.readsKnowledge() || readsHistory());
  }

  /** Returns whether there is a model that reads knowledge of items. */
  public boolean readsItems() {
    return model != null && (model.readsItems() || readsHistory());
  }

  private boolean readsHistory() {
    return knowledge != null && knowledge.history() != null;
  }

  /** Returns what the model reads of the log of events; null if it reads none. */
  public @Nullable PastNeeds past() {
    return model == null
        ? null
        : PastNeeds.of(knowledge == null ? null : knowledge.history(), model.sequences().values());
  }

  /** Returns whether rows read earlier events of validation and test. */
  public boolean readsLaterParts() {
    PastNeeds past = past();
    return past != null && past.laterParts();
  }
}

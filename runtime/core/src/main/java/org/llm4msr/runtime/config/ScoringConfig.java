package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.config.past.PastNeeds;

/** The part of a trained model's configuration that scoring needs. */
public record ScoringConfig(
    @Setting("Backbone, fusion head and meta networks") @Valid ModelConfig model,
    @Setting(value = "What users without knowledge get", defaultValue = "mean") Missing missing,
    @Setting(value = "What items without knowledge get", defaultValue = "mean") Missing missingItem,
    @Setting("How the model reads users' histories, where it does") @Valid
        @Nullable HistoryConfig history,
    @Setting(value = "Rows that go through the model at once", defaultValue = "4096")
        @Min(1)
        @Max(1 << 20)
        int batchSize,
    @Setting(value = "How the model computes", defaultValue = "{}") @Valid InferenceConfig scoring,
    @Setting(value = "Engine, device and threads", defaultValue = "{}") @Valid
        RuntimeConfig runtime) {

  /** Returns whether the model reads the vectors of items. */
  public boolean readsItems() {
    return model.readsItems() || history != null;
  }

  /** Returns what the model reads of the log of events; null if it reads none. */
  public @Nullable PastNeeds past() {
    return PastNeeds.of(history, model.sequences().values());
  }
}

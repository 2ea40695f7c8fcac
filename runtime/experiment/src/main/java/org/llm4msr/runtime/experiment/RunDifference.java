package org.llm4msr.runtime.experiment;

import java.util.List;
import java.util.Map;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.FlatValues;

/** Says why a run cannot be continued: the settings in which it differs. */
final class RunDifference {

  private RunDifference() {}

  /** Adds to a refusal in which settings of model and training a run differs from others. */
  static MsrException explain(MsrException refusal, ExperimentConfig run, ExperimentConfig now) {
    List<String> differences = FlatValues.differences("", decisive(run), decisive(now));
    String why =
        differences.isEmpty()
            ? "Settings of model and training are the same"
            : String.join("; ", differences);
    return new MsrException(
        refusal.type(), refusal.code(), "%s %s.".formatted(refusal.text(), why), refusal);
  }

  /** Returns what determines a run, except for the content of data and knowledge, by key. */
  private static Map<String, String> decisive(ExperimentConfig config) {
    Map<String, String> values =
        EffectiveConfig.decisive(FlatValues.of(EffectiveConfig.of(config).values()), config);
    values.keySet().removeIf(key -> !isOfModel(key));
    return values;
  }

  private static boolean isOfModel(String key) {
    String[] parts = key.split("\\.", 2);
    return parts[0].equals("model")
        || parts[0].equals("training")
        || (parts[0].equals("knowledge") && KnowledgeConfig.isOfReading(parts[1]));
  }
}

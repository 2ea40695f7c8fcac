package org.llm4msr.runtime.experiment;

import java.util.List;
import java.util.Map;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.FlatValues;

/** Says in which settings of model and training a run differs from a configuration. */
final class RunDifference {

  private RunDifference() {}

  /** Lists the settings that differ, each with both values. */
  static List<String> of(ExperimentConfig run, ExperimentConfig now) {
    Map<String, String> before = decisive(run);
    Map<String, String> after = decisive(now);
    if (!run.readsKnowledge() && !now.readsKnowledge()) {
      before.keySet().removeIf(RunDifference::isOfKnowledge);
      after.keySet().removeIf(RunDifference::isOfKnowledge);
    }
    return FlatValues.differences("", before, after);
  }

  /** Adds to a refusal in which settings a run differs. */
  static MsrException explain(MsrException refusal, ExperimentConfig run, ExperimentConfig now) {
    List<String> differences = of(run, now);
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
        || (isOfKnowledge(key) && KnowledgeConfig.isOfReading(parts[1]));
  }

  private static boolean isOfKnowledge(String key) {
    return key.startsWith("knowledge.");
  }
}

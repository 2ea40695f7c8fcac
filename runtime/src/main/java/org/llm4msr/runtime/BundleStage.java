package org.llm4msr.runtime;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.bundle.BundleWriter;
import org.llm4msr.runtime.config.EffectiveConfig;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.LoadedConfig;
import org.llm4msr.runtime.data.DatasetManifest;
import org.llm4msr.runtime.knowledge.KnowledgeStore;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.training.TrainableModel;

/** Writes the bundle of a run that is finished. */
final class BundleStage {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private BundleStage() {}

  /**
   * Writes a bundle.
   *
   * @param model holds the best state
   * @param data what the prepared data says of itself
   * @param knowledge the store that it reads, null where it reads none
   */
  static void write(
      Path target,
      RunFolder run,
      LoadedConfig loaded,
      Path prepared,
      DatasetManifest data,
      @Nullable KnowledgeStore knowledge,
      TrainableModel model) {
    BundleWriter.write(
        target,
        new BundleWriter.Contents(
            model,
            prepared,
            data,
            knowledge,
            plugins(loaded),
            EffectiveConfig.of(loaded.config()).values(),
            JSON.convertValue(run.read(RunFolder.PROVENANCE), MAP),
            training(run.read(RunFolder.TRAINING))));
  }

  private static Map<String, Object> training(JsonNode report) {
    Map<String, Object> training = new LinkedHashMap<>();
    if (report.path("leakFutureInteractions").asBoolean()) {
      training.put("leakFutureInteractions", true);
    }
    JsonNode result = report.path("result");
    for (String key : List.of("steps", "bestStep", "stoppedEarly")) {
      training.put(key, JSON.convertValue(result.path(key), Object.class));
    }
    JsonNode best = result.path("best");
    if (best.isObject()) {
      training.put("validation", JSON.convertValue(best.path("result"), MAP));
    }
    return training;
  }

  private static List<BundleManifest.Plugin> plugins(LoadedConfig loaded) {
    List<BundleManifest.Plugin> plugins = new ArrayList<>();
    ExperimentConfig config = loaded.config();
    plugins.add(ModelPart.stamp(PluginKind.DATASET_READER, config.dataset().reader()));
    if (ConfigCheck.readsKnowledge(config) && config.knowledge() != null) {
      plugins.add(
          ModelPart.stamp(PluginKind.PROMPT_BUILDER, config.knowledge().prompts().builder()));
      plugins.add(ModelPart.stamp(PluginKind.KNOWLEDGE_ENCODER, config.knowledge().encoder()));
    }
    ModelPart.of(loaded.model()).stream().map(ModelPart::stamp).forEach(plugins::add);
    return plugins.stream().distinct().toList();
  }
}

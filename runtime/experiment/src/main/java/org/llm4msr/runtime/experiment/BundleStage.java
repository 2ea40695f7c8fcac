package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.bundle.BundleWriter;
import org.llm4msr.runtime.bundle.PluginStamps;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.UnknownShares;
import org.llm4msr.runtime.knowledge.control.ControlledKnowledge;
import org.llm4msr.runtime.plugins.PluginStamp;

/** Writes the bundle of a finished run. */
final class BundleStage {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private BundleStage() {}

  /**
   * Writes a bundle.
   *
   * @param model holds the best state
   * @param data the manifest of the prepared data
   * @param knowledge what the model reads, null if it reads none
   */
  static void write(
      Path target,
      RunFolder run,
      RunWiring runWiring,
      Path prepared,
      DatasetManifest data,
      @Nullable ControlledKnowledge knowledge,
      TrainableModel model) {
    BundleWriter.write(
        target,
        new BundleWriter.Contents(
            model,
            prepared,
            data,
            knowledge,
            runWiring.config().config().readsItems(),
            trainedWith(run, runWiring),
            EffectiveConfig.of(runWiring.stated().config()).values(),
            provenance(run.read(RunFolder.PROVENANCE)),
            training(run.read(RunFolder.TRAINING), prepared)));
  }

  /** Returns the plugins that learned the weights; runs of early releases did not record them. */
  private static List<PluginStamp> trainedWith(RunFolder run, RunWiring runWiring) {
    List<PluginStamp> recorded = run.plugins();
    return recorded.isEmpty() ? PluginStamps.of(runWiring.config()) : recorded;
  }

  /** Returns the provenance without the plugins, which the manifest lists separately. */
  private static Map<String, Object> provenance(JsonNode run) {
    Map<String, Object> provenance = JSON.convertValue(run, MAP);
    provenance.remove(RunFolder.PLUGINS);
    return provenance;
  }

  private static Map<String, Object> training(JsonNode report, Path prepared) {
    Map<String, Object> training = new LinkedHashMap<>();
    if (report.path("leakFutureInteractions").asBoolean()) {
      training.put("leakFutureInteractions", true);
    }
    JsonNode result = report.path("result");
    for (String key : List.of("steps", "bestStep", "stoppedEarly")) {
      training.put(key, JSON.convertValue(result.path(key), Object.class));
    }
    JsonNode calibration = report.path(BundleManifest.CALIBRATION);
    if (!calibration.path("scenarios").isEmpty() || !calibration.path("labels").isEmpty()) {
      training.put(BundleManifest.CALIBRATION, JSON.convertValue(calibration, MAP));
    }
    JsonNode best = result.path("best");
    if (best.isObject()) {
      training.put("validation", JSON.convertValue(best.path("result"), MAP));
    }
    try (PreparedData data = PreparedData.open(prepared)) {
      training.put(BundleManifest.UNKNOWN, UnknownShares.of(data, Split.VALIDATION));
    }
    return training;
  }
}

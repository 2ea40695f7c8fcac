package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.PluginStamps;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.files.SmallFiles;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.plugins.PluginStamp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Detects a knowledge store of other settings or another run, without loading the encoder. */
final class KnowledgeSettings {

  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private static final Logger LOG = LoggerFactory.getLogger(KnowledgeSettings.class);

  private KnowledgeSettings() {}

  /** Returns the settings that determine a store's content, by key. */
  static Map<String, String> of(KnowledgeConfig config) {
    return decisive(FlatValues.of(EffectiveConfig.of(config).values()), config);
  }

  /** Removes settings that only models read, and those that only affect how vectors are made. */
  private static Map<String, String> decisive(
      Map<String, String> settings, KnowledgeConfig config) {
    Map<String, String> decisive = EffectiveConfig.decisive(settings, config);
    decisive.keySet().removeIf(KnowledgeConfig::isOfReading);
    return decisive;
  }

  /**
   * Refuses a store that was filled from another configuration. A store that records none, because
   * a user's own tool wrote it, is accepted.
   */
  static void requireSame(KnowledgeStore store, Experiment experiment, KnowledgeConfig config) {
    StoreInfo info = store.info();
    if (info.settings().isEmpty()) {
      return;
    }
    List<String> differences = differences(decisive(info.settings(), config), of(config));
    if (differences.isEmpty() && !info.template().equals(KnowledgeStage.templateHash(experiment))) {
      differences.add("the content of the prompt template has changed");
    }
    if (!differences.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/STORE_MISMATCH",
          "The knowledge in %s was extracted with settings other than those of the configuration: %s. Run `llm4msr knowledge extract %s` (it asks for --rebuild where vectors cannot be kept), undo the change, or choose another workspace."
              .formatted(
                  store.folder(), String.join("; ", differences), experiment.config().shellWord()));
    }
  }

  /** Warns if vectors are kept although the encoder's settings changed, as its identity did not. */
  static void warnOfKept(StoreInfo there, Experiment experiment, KnowledgeConfig config) {
    List<String> differences =
        differences(decisive(there.settings(), config), of(config)).stream()
            .filter(difference -> difference.startsWith("knowledge.encoder."))
            .toList();
    if (!there.settings().isEmpty() && !differences.isEmpty()) {
      LOG.warn(
          "{} in {}, and the encoder says that its vectors are the same: model, revision,"
              + " checksum and state are as before. The stored vectors are kept. Add --rebuild"
              + " to extract them again.",
          String.join("; ", differences),
          experiment.config().file());
    }
  }

  /** Warns if the code of the prompt builder or the encoder is not the one that filled a store. */
  static void warnOfOtherCode(
      Path folder, StoreInfo there, Experiment experiment, KnowledgeConfig config) {
    String others = PluginStamp.differences(there.plugins(), PluginStamps.of(config));
    if (!others.isEmpty()) {
      LOG.warn(
          "The knowledge in {} was extracted with other code of a plugin: {}. The stored vectors"
              + " are kept. If this code makes the same, say so with `llm4msr knowledge extract {}"
              + " --accept`; otherwise extract them again, with --rebuild.",
          folder,
          others,
          experiment.config().shellWord());
    }
  }

  /**
   * Returns in which settings two stores differ, except for those of the encoder, which the
   * identity covers. Stores of a user's own tools record none.
   */
  static List<String> differencesOfPrompts(StoreInfo first, StoreInfo other) {
    return first.settings().isEmpty() || other.settings().isEmpty()
        ? List.of()
        : differences(first.settings(), other.settings()).stream()
            .filter(difference -> !difference.startsWith("knowledge.encoder."))
            .toList();
  }

  /**
   * Refuses a store whose vectors are not those with which a run was trained.
   *
   * @param items whether the run reads items
   */
  static void requireTrainedWith(
      KnowledgeStore store, Path provenance, boolean items, String file) {
    StoreInfo trained = recorded(provenance);
    StoreInfo info = store.info();
    if (trained.hasSame(info, items)) {
      return;
    }
    List<String> differences = differences(trained.settings(), info.settings());
    if (differences.isEmpty()) {
      differences.addAll(trained.differences(info));
    }
    throw new MsrException(
        ErrorType.USER,
        "knowledge/STORE_MISMATCH",
        "According to its provenance.json, the run %s was trained with knowledge other than what %s holds now: %s. Restore the settings and run `llm4msr knowledge extract %s --rebuild`, or train a new run with `llm4msr train %s --run NAME`."
            .formatted(
                provenance.getParent(),
                store.folder(),
                differences.isEmpty() ? "other prompts" : String.join("; ", differences),
                file,
                file));
  }

  private static StoreInfo recorded(Path provenance) {
    try {
      JsonNode knowledge = JSON.readTree(SmallFiles.read(provenance)).path("knowledge");
      if (!knowledge.isObject()) {
        throw notRecorded(provenance, "it has no object 'knowledge'", null);
      }
      return JSON.treeToValue(knowledge, StoreInfo.class);
    } catch (IOException | IllegalArgumentException e) {
      throw notRecorded(provenance, e.getMessage(), e);
    }
  }

  private static MsrException notRecorded(
      Path provenance, @Nullable String why, @Nullable Exception cause) {
    return new MsrException(
        ErrorType.DATA,
        "training/PROVENANCE",
        "%s does not say which knowledge the run was trained with: %s. Train a new run."
            .formatted(provenance, why),
        cause);
  }

  private static List<String> differences(Map<String, String> before, Map<String, String> now) {
    return FlatValues.differences("knowledge.", before, now);
  }
}

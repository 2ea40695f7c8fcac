package org.llm4msr.runtime.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.assembly.fields.FieldTables;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.config.past.PastNeeds;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.rows.ModelEvents;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowVectors;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.past.HistoryFile;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.vectors.KeyVectors;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeScaling;

/** Makes a model from a bundle. */
public final class BundleModel {

  private BundleModel() {}

  /**
   * Returns the settings with which a bundle is scored.
   *
   * @param overrides {@code key.path=value} each, for example {@code runtime.engine=MXNet}
   * @throws org.llm4msr.api.MsrException {@code config/INVALID}, for example for a missing plugin
   */
  public static ScoringConfig config(Bundle bundle, List<String> overrides, ConfigLoader loader) {
    Map<String, Object> config = bundle.manifest().config();
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("model", config.getOrDefault("model", Map.of()));
    values.put("runtime", engine(config));
    if (config.get("knowledge") instanceof Map<?, ?> knowledge) {
      Object missing = knowledge.get("missing");
      values.put("missing", missing == null ? "mean" : missing);
      if (knowledge.get("items") instanceof Map<?, ?> items) {
        values.put("missingItem", items.get("missing"));
      }
      if (knowledge.get("history") instanceof Map<?, ?> history) {
        values.put("history", history);
      }
    }
    if (config.get("training") instanceof Map<?, ?> training
        && training.get("batchSize") instanceof Integer rows) {
      values.put("batchSize", rows);
    }
    if (config.get("scoring") instanceof Map<?, ?> scoring) {
      values.put("scoring", scoring);
    }
    return loader.bind(
        ScoringConfig.class,
        bundle.folder().resolve(Bundle.MANIFEST),
        json(values),
        overrides,
        "If a plugin is missing, add its folder with --plugins; otherwise fix what -D sets, or"
            + " create the bundle again with `llm4msr bundle create`.");
  }

  /** Device, threads and memory are those of the machine that trained. */
  private static Map<String, Object> engine(Map<String, Object> config) {
    Object engine =
        config.get("runtime") instanceof Map<?, ?> runtime ? runtime.get("engine") : null;
    return engine == null ? Map.of() : Map.of("engine", engine);
  }

  private static String json(Object value) {
    try {
      return Bundle.JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was JSON is none", e);
    }
  }

  /** Returns the folder with the vocabularies of prepared data or of a bundle, which is checked. */
  public static Path data(Path folder) {
    return Files.exists(folder.resolve(Bundle.MANIFEST)) ? Bundle.open(folder).data() : folder;
  }

  /** Opens the encoder of rows of ids and fields. */
  public static RowEncoder encoder(Bundle bundle) {
    return RowEncoder.open(bundle.data());
  }

  /** Opens the encoder of rows for a model that may read the knowledge of items, or histories. */
  public static RowEncoder encoder(Bundle bundle, ScoringConfig config) {
    PastNeeds past = config.past();
    ModelEvents events = past == null ? null : HistoryFile.times(history(bundle), past);
    RowEncoder encoder = encoder(bundle).with(events);
    return config.readsItems() ? encoder.with(itemVectors(bundle, null)) : encoder;
  }

  /**
   * Returns which vectors items read that the bundle does not know.
   *
   * @param store of them; null for none but those that rows bring
   */
  public static RowVectors itemVectors(Bundle bundle, @Nullable KnowledgeSource store) {
    int dimension = bundle.knowledge().info().encoder().dimension();
    return new KeyVectors(Map.of(Level.ITEM, dimension), null, store);
  }

  /**
   * Makes the model; the caller closes it.
   *
   * @throws org.llm4msr.api.MsrException of type DATA, with the file, if the parts of the bundle do
   *     not fit each other; {@code bundle/OTHER_PARTS} if a module of the training is missing
   */
  public static InferenceModel load(
      Bundle bundle, ScoringConfig config, RowEncoder encoder, TensorEngine engine) {
    ReplacedParts.require(bundle.folder(), bundle.manifest(), ModelPart.of(config.model()));
    requireRoom(bundle, config, encoder);
    EventLogs events = events(bundle, config, encoder.manifest());
    InferenceModel model =
        ModelAssembly.assemble(
            engine,
            config.model(),
            config.scoring(),
            encoder,
            knowledge(bundle, config, events),
            sequences(bundle, config, encoder.manifest(), events));
    try {
      engine.call(
          () -> {
            model.read(bundle.folder(), calibration(bundle, encoder));
            return 0;
          });
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      if (e.getCause() instanceof IOException io) {
        throw BundleErrors.unreadable(bundle.folder(), io);
      }
      throw e;
    }
  }

  private static Calibration calibration(Bundle bundle, RowEncoder encoder) {
    Calibration calibration = bundle.manifest().calibration();
    List<String> keys = encoder.manifest().scenarioKeys();
    List<String> others = calibration.others(keys);
    if (!others.isEmpty()) {
      throw BundleErrors.damaged(
          bundle.folder().resolve(Bundle.MANIFEST),
          "calibrates the scenarios %s, but the model has %s".formatted(others, keys));
    }
    return calibration;
  }

  private static @Nullable KnowledgeInputs knowledge(
      Bundle bundle, ScoringConfig config, @Nullable EventLogs events) {
    if (!bundle.hasKnowledge()) {
      return null;
    }
    HistoryConfig history = config.history();
    Path scaling = bundle.folder().resolve(Bundle.SCALING);
    try {
      return new KnowledgeInputs(
              bundle.knowledge(),
              config.missing(),
              config.missingItem(),
              KnowledgeScaling.read(scaling))
          .withHistory(
              history == null || events == null ? null : HistoryInputs.of(history, events));
    } catch (IOException e) {
      throw BundleErrors.unreadable(scaling, e);
    }
  }

  private static @Nullable EventLogs events(
      Bundle bundle, ScoringConfig config, DatasetManifest manifest) {
    PastNeeds past = config.past();
    return past == null ? null : HistoryFile.read(history(bundle), manifest, past);
  }

  private static Path history(Bundle bundle) {
    return bundle.folder().resolve(Bundle.HISTORY);
  }

  private static @Nullable SequenceInputs sequences(
      Bundle bundle, ScoringConfig config, DatasetManifest manifest, @Nullable EventLogs events) {
    return config.model().sequences().isEmpty()
        ? null
        : SequenceInputs.of(bundle.data(), manifest, events);
  }

  /** Numbers in one file must not make us allocate memory for data that no other file holds. */
  private static void requireRoom(Bundle bundle, ScoringConfig config, RowEncoder encoder) {
    FieldTables tables = new FieldTables(config.model(), encoder.manifest().fields());
    for (PreparedField field : encoder.manifest().fields()) {
      requireRoom(bundle, ModelFiles.tableFile(field.tableName()), field, tables.width(field));
      if (config.model().linear()) {
        requireRoom(bundle, ModelFiles.linearFile(field.tableName()), field, 1);
      }
    }
    plan(bundle, config, encoder.manifest())
        .ownTables(encoder.manifest().fields())
        .forEach(
            (name, field) ->
                requireRoom(bundle, ModelFiles.sequenceFile(name), field, tables.width(field)));
  }

  private static SequencePlan plan(Bundle bundle, ScoringConfig config, DatasetManifest manifest) {
    return SequencePlan.of(
        config.model(), manifest.fields(), sequences(bundle, config, manifest, null));
  }

  private static void requireRoom(Bundle bundle, String name, PreparedField field, int numbers) {
    long width = numbers * (long) Float.BYTES;
    long rows = field.tableRows();
    if (bundle.bytes(name) < rows * width) {
      throw BundleErrors.damaged(
          bundle.folder().resolve(name),
          "does not hold the %d rows of %d bytes that the field '%s' has"
              .formatted(rows, width, field.name()));
    }
  }
}

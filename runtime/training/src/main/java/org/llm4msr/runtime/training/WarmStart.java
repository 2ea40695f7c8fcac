package org.llm4msr.runtime.training;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleErrors;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.data.arrow.KeyIndex;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.LoggedRows;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.past.HistoryFile;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.model.DenseBuffer;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.runtime.tables.TableFile;
import org.llm4msr.runtime.text.ShellWord;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * Lets a new model begin with what a bundle has learned. Parameters, buffers and the rows of known
 * values are taken from the bundle; rows of new values keep their initial values; the arrays of a
 * new scenario are copied from the known scenario with the most training rows ({@link
 * GrownArrays}). The optimisers begin from scratch.
 */
public final class WarmStart {

  private static final String MISSING = "missing";
  private static final String MEAN = "mean";

  /** Keys of how a model reads knowledge, with the values for bundles older than the key. */
  private static final Map<String, String> READ_OF_KNOWLEDGE =
      Map.of(MISSING, MEAN, "components", "0", "control", "off");

  /** Factors on losses, as those of training, are no part of what was learned. */
  private static final Pattern LABEL_WEIGHT = Pattern.compile("model\\.labels\\..+\\.weight");

  private WarmStart() {}

  /**
   * Refuses a bundle of other settings.
   *
   * @param config the configuration of the new model
   * @throws MsrException {@code bundle/OTHER_MODEL} naming every key that differs; {@code
   *     bundle/CONTROL} if the model reads a control
   */
  public static void requireSame(Bundle bundle, ExperimentConfig config) {
    Map<String, String> before = model(bundle.manifest().config(), config);
    Map<String, String> now = model(EffectiveConfig.of(config).values(), config);
    List<String> differences = FlatValues.differences("", before, now);
    if (!differences.isEmpty()) {
      throw refused(
          bundle,
          "OTHER_MODEL",
          "was trained with other settings: " + String.join("; ", differences),
          "Undo the change, or train without --from.");
    }
    if (config.knowledge() != null && !config.knowledge().control().isOff()) {
      throw refused(
          bundle,
          "CONTROL",
          "was trained with knowledge.control, whose vectors cannot be continued for new users",
          "Train without --from.");
    }
  }

  private static Map<String, String> model(Map<String, Object> config, ExperimentConfig now) {
    Map<String, Object> kept = new TreeMap<>();
    kept.put("model", config.getOrDefault("model", Map.of()));
    if (config.get("knowledge") instanceof Map<?, ?> knowledge) {
      READ_OF_KNOWLEDGE.forEach(
          (key, usual) -> kept.put("knowledge." + key, value(knowledge, key, usual)));
      Object items = knowledge.get("items");
      kept.put(
          "knowledge.items.missing",
          items instanceof Map<?, ?> section ? value(section, MISSING, MEAN) : MEAN);
      if (knowledge.get("history") instanceof Map<?, ?> history) {
        Map<Object, Object> read = new HashMap<>(history);
        read.putIfAbsent("whitening", 0.0); // Bundles older than the key.
        kept.put("knowledge.history", read);
      }
    }
    Map<String, String> decisive = EffectiveConfig.decisive(FlatValues.of(kept), now);
    decisive.keySet().removeIf(key -> LABEL_WEIGHT.matcher(key).matches());
    return decisive;
  }

  private static String value(Map<?, ?> section, String key, String usual) {
    Object value = section.get(key);
    return value == null ? usual : value.toString();
  }

  /**
   * Fills a model.
   *
   * @param data the ids of the model: they extend those of the bundle
   * @throws MsrException {@code bundle/OTHER_DATA} if ids of the bundle are not those of the data
   */
  public static void fill(TrainableModel model, Bundle bundle, PreparedIds data) {
    PreparedIds ids = PreparedIds.open(bundle.data());
    if (!data.extend(ids)) {
      throw refused(
          bundle,
          "OTHER_DATA",
          "has other ids than the prepared data in " + data.folder(),
          "Run `llm4msr data prepare --extend %s` with this configuration first."
              .formatted(ShellWord.quoted(bundle.folder().toString())));
    }
    DatasetManifest before = ids.manifest();
    try {
      Map<String, Tensor> dense = Safetensors.read(bundle.folder().resolve(ModelFiles.DENSE));
      model
          .engine()
          .call(
              () -> {
                model.parameters().restore(grown(model, dense, before, bundle));
                readTables(model, bundle, before);
                return 0;
              });
    } catch (IOException e) {
      throw BundleErrors.unreadable(bundle.folder(), e);
    }
  }

  /**
   * Makes the knowledge for a run that continues from a bundle: that of the bundle, overridden by
   * what was extracted since, and standardised as in the bundle.
   *
   * @param store folder of the new knowledge
   * @param target gets a knowledge store; does not exist
   * @param scaling gets the statistics
   */
  public static void mergeKnowledge(Bundle bundle, Path store, Path target, Path scaling) {
    KnowledgeStore.merge(bundle.folder().resolve(Bundle.KNOWLEDGE), store, target);
    try {
      Files.copy(
          bundle.folder().resolve(Bundle.SCALING), scaling, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw BundleErrors.notWritten(scaling, e);
    }
  }

  /**
   * Writes the events for a run that continues from a bundle: those of the bundle, which count as
   * events of the training part, before those of the data. Of users and items that the data does
   * not know, there are none.
   *
   * @param own the events of the data that the model reads
   * @param target of the events; replaced, as those beside it that have them by other labels
   */
  public static void mergeHistory(Bundle bundle, EventLogs own, PreparedData data, Path target) {
    mergeHistory(bundle, null, own, data, target);
    own.others().forEach((label, events) -> mergeHistory(bundle, label, events, data, target));
  }

  private static void mergeHistory(
      Bundle bundle, @Nullable String label, EventLogs own, PreparedData data, Path history) {
    Path target = HistoryFile.by(label, history);
    PreparedIds ids = PreparedIds.open(bundle.data());
    int[] users = numbers(ids.users(), data.userKeys());
    int[] items = numbers(ids.items(), data.itemKeys());
    int[] scenarios = numbers(ids.scenarios(), data.manifest().scenarioKeys());
    Path earlier = HistoryFile.by(label, bundle.folder().resolve(Bundle.HISTORY));
    LoggedRows before = HistoryFile.open(earlier, ids.manifest());
    LoggedRows known =
        visitor ->
            before.forEach(
                (part, user, item, scenario, positive, time, group) -> {
                  if (users[user] >= 0 && items[item] >= 0 && scenarios[scenario] >= 0) {
                    visitor.visit(
                        Split.TRAIN,
                        users[user],
                        items[item],
                        scenarios[scenario],
                        positive,
                        time,
                        0); // The data numbers its groups anew.
                  }
                });
    EventLogs merged =
        own.after(known, data.loggedRows(EnumSet.allOf(Split.class)), data.manifest().users());
    try {
      Files.deleteIfExists(target);
      HistoryFile.write(merged.logs(), target);
    } catch (IOException e) {
      throw BundleErrors.notWritten(target, e);
    }
  }

  /** Returns the numbers of keys among others; -1 of those that are not there. */
  private static int[] numbers(List<String> keys, List<String> others) {
    KeyIndex index = new KeyIndex();
    others.forEach(index::add);
    return keys.stream().mapToInt(index::find).toArray();
  }

  private static ParameterSnapshot grown(
      TrainableModel model, Map<String, Tensor> dense, DatasetManifest before, Bundle bundle) {
    int known = before.scenarios().size();
    GrownArrays grown =
        new GrownArrays(dense, known, model.shape().scenarios().size(), largest(before));
    Map<String, float[]> values = new TreeMap<>();
    for (DenseParameter parameter : model.parameters().parameters()) {
      values.put(parameter.name(), grown.values(parameter.name(), parameter.shape().getShape()));
    }
    for (DenseBuffer buffer : model.parameters().buffers()) {
      values.put(buffer.name(), grown.values(buffer.name(), buffer.shape().getShape()));
    }
    if (!grown.unused().isEmpty()) {
      throw refused(
          bundle,
          "OTHER_MODEL",
          "holds arrays that the model does not have: " + grown.unused(),
          "Use the plugins with which it was trained.");
    }
    return new ParameterSnapshot(values);
  }

  private static int largest(DatasetManifest manifest) {
    int largest = 0;
    for (int rank = 1; rank < manifest.scenarios().size(); rank++) {
      long rows = manifest.scenarios().get(rank).rows().train();
      if (rows > manifest.scenarios().get(largest).rows().train()) {
        largest = rank;
      }
    }
    return largest;
  }

  private static void readTables(TrainableModel model, Bundle bundle, DatasetManifest before) {
    Map<String, Integer> rows = ModelFiles.rows(model, before.fields());
    ModelFiles.tables(model)
        .forEach(
            (name, table) -> {
              Path file = bundle.folder().resolve(name);
              try {
                TableFile.read(table, file, requireNonNull(rows.get(name), name));
              } catch (IOException e) {
                throw BundleErrors.unreadable(file, e);
              }
            });
  }

  private static MsrException refused(Bundle bundle, String code, String problem, String next) {
    return new MsrException(
        ErrorType.USER,
        "bundle/" + code,
        "The bundle %s %s. %s".formatted(bundle.folder(), problem, next));
  }
}

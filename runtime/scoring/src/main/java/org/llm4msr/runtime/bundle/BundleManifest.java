package org.llm4msr.runtime.bundle;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.plugins.PluginStamp;

/**
 * A description of a bundle: the content of {@code manifest.json}. It holds no class names: plugins
 * are named as in a configuration.
 *
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}
 * @param written when it was written, in UTC
 * @param plugins the plugins that the configuration names, with the versions of their jars
 * @param config the effective configuration of the experiment
 * @param provenance what else determined the result: versions, engine, seed, data, knowledge
 * @param training steps, best step, metrics on the validation part before calibration, the share of
 *     its rows in which a field tells nothing, and the {@link #calibration}
 * @param files the files beside the manifest, by path in the bundle
 */
public record BundleManifest(
    int formatVersion,
    String written,
    List<PluginStamp> plugins,
    Map<String, Object> config,
    Map<String, Object> provenance,
    Map<String, Object> training,
    Map<String, FileStamp> files) {

  /** The format that this release reads and writes. */
  public static final int FORMAT_VERSION = 1;

  /** Key of the calibration in {@link #training}; absent where there is none. */
  public static final String CALIBRATION = "calibration";

  /** Key of shares by field in {@link #training}; absent in older bundles. */
  public static final String UNKNOWN = "unknownValues";

  public BundleManifest {
    requireNonNull(written, "written is null");
    plugins = List.copyOf(plugins);
    requireNonNull(config, "config is null");
    requireNonNull(provenance, "provenance is null");
    requireNonNull(training, "training is null");
    files = new TreeMap<>(files);
  }

  /** Returns whether the model was trained with prompts that reveal validation and test rows. */
  public boolean leakFutureInteractions() {
    return Boolean.TRUE.equals(provenance.get("leakFutureInteractions"));
  }

  /** Returns how logits become probabilities; {@link Calibration#NONE} in older bundles. */
  public Calibration calibration() {
    Object calibration = training.get(CALIBRATION);
    if (calibration == null) {
      return Calibration.NONE;
    }
    JsonNode tree = Bundle.JSON.valueToTree(calibration);
    if (tree instanceof ObjectNode values && !values.has("labels")) {
      values.putObject("labels"); // Models of one label do without, and every value is required.
    }
    return Bundle.JSON.convertValue(tree, Calibration.class);
  }

  /** Returns what {@link #training} becomes with another calibration. */
  public Map<String, Object> trainingWith(Calibration calibration) {
    Map<String, Object> changed = new LinkedHashMap<>(training);
    changed.put(CALIBRATION, calibration);
    return changed;
  }

  /** Returns the bytes of all files. */
  public long bytes() {
    return files.values().stream().mapToLong(FileStamp::bytes).sum();
  }
}

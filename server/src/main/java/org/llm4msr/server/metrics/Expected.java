package org.llm4msr.server.metrics;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.runtime.bundle.BundleManifest;

/**
 * What validation leads to expect of requests; nothing where the bundle does not say.
 *
 * @param probabilities the mean of each scenario
 * @param unknown the share of rows in which a field tells nothing
 */
record Expected(Map<String, Double> probabilities, Map<String, Double> unknown) {

  /** Reads it from the manifest of a bundle. */
  static Expected of(BundleManifest manifest) {
    // A calibrated model has the mean of the labels.
    String mean = manifest.calibration().changesNothing() ? "meanPrediction" : "meanLabel";
    Map<String, Double> probabilities = new TreeMap<>();
    if (manifest.training().get("validation") instanceof Map<?, ?> validation
        && validation.get("scenarios") instanceof List<?> scenarios) {
      for (Object scenario : scenarios) {
        if (scenario instanceof Map<?, ?> metrics && metrics.get(mean) instanceof Number number) {
          probabilities.put(String.valueOf(metrics.get("name")), number.doubleValue());
        }
      }
    }
    Map<String, Double> unknown = new TreeMap<>();
    if (manifest.training().get(BundleManifest.UNKNOWN) instanceof Map<?, ?> shares) {
      shares.forEach(
          (field, share) -> {
            if (share instanceof Number number) {
              unknown.put(String.valueOf(field), number.doubleValue());
            }
          });
    }
    return new Expected(probabilities, unknown);
  }
}

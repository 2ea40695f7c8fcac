package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.llm4msr.runtime.bundle.BundleManifest;
import org.llm4msr.runtime.files.Checksums;

/**
 * A folder with the manifest of a bundle, which says what {@link FakeModel} is made of it.
 *
 * @param seed models of different seeds give different probabilities
 * @param scenarios that the model knows
 * @param labels names of its further labels
 */
public record FakeBundle(long seed, List<String> scenarios, List<String> labels) {

  /** What validation is said to have found in the scenario feed. */
  public static final double EXPECTED_PROBABILITY = 0.3125;

  /** The share of validation rows in which the hour is said to tell nothing. */
  public static final double EXPECTED_UNKNOWN_HOURS = 0.125;

  /** A bundle of a model of one label that knows both scenarios. */
  public FakeBundle(long seed) {
    this(seed, FakeShop.SCENARIOS, List.of());
  }

  /** Writes it into a new folder, which is returned. */
  public Path write(Path folder) throws IOException {
    BundleManifest manifest =
        new BundleManifest(
            BundleManifest.FORMAT_VERSION,
            "2026-01-01T00:00:00Z",
            List.of(),
            Map.of("seed", seed, "scenarios", scenarios, "labels", labels),
            Map.of(),
            Map.of(
                "validation",
                Map.of(
                    "scenarios",
                    List.of(Map.of("name", "feed", "meanPrediction", EXPECTED_PROBABILITY))),
                BundleManifest.UNKNOWN,
                Map.of("hour", EXPECTED_UNKNOWN_HOURS)),
            Map.of());
    byte[] bytes = new ObjectMapper().writeValueAsBytes(manifest);
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("manifest.json.sha256"), Checksums.of(bytes) + "  manifest.json\n", UTF_8);
    Files.write(folder.resolve("manifest.json"), bytes);
    return folder;
  }

  /** Reads what was written. */
  static FakeBundle of(BundleManifest manifest) {
    return new ObjectMapper().convertValue(manifest.config(), FakeBundle.class);
  }
}

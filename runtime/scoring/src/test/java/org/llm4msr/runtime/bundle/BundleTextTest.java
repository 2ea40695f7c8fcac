package org.llm4msr.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.bundle.BundleDiff.Difference;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.plugins.PluginStamp;

/** What an inspection and a comparison of bundles say in words. */
class BundleTextTest {

  @Test
  void anInspectionShowsPluginsProvenanceValidationAndColumns() {
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("engine", "PyTorch 2.7");
    provenance.put(
        "knowledge",
        Map.of("encoder", Map.of("model", "words", "seed", 1), "users", 12, "scenarios", 3));
    Map<String, Object> overall = new LinkedHashMap<>();
    overall.put("name", "overall");
    overall.put("auc", 0.75);
    overall.put("gauc", null);
    Map<String, Object> training = new LinkedHashMap<>();
    training.put("steps", 40);
    training.put("loss", "bce");
    training.put("validation", Map.of("overall", overall, "scenarios", List.of()));
    BundleManifest manifest =
        new BundleManifest(
            1,
            "2026-01-31T00:00:00Z",
            List.of(
                new PluginStamp("backbone", "mlp", "1.0", ""),
                new PluginStamp("fusion-head", "meta", "2.1", "0123456789abcdef")),
            Map.of(),
            provenance,
            training,
            Map.of("a", new FileStamp(1_000, "x"), "b", new FileStamp(234, "y")));
    BundleInspection inspection =
        new BundleInspection(
            Path.of("runs/bundle"),
            "d1ge57",
            manifest,
            List.of(
                new ScoringColumn("user", "id", true),
                new ScoringColumn("item", "id", true),
                new ScoringColumn("age", "numeric", false),
                new ScoringColumn("time", "time", false, "each row counts as of now"),
                new ScoringColumn("history", "history", false, "no events"),
                new ScoringColumn("item_vector", "vector(4)", false, "the vector stored")));

    assertThat(inspection.text())
        .isEqualTo(
            """
            bundle               runs/bundle, complete
            digest               d1ge57
            bundle written       2026-01-31T00:00:00Z
            size                 1,234 bytes in 2 files
            backbone             mlp (1.0)
            fusion-head          meta (2.1 0123456789ab)
            engine               PyTorch 2.7
            knowledge            words, 12 users, 3 scenarios
            steps                40
            validation auc       0.75
            needs columns        user (id), item (id)
            may have columns     age (numeric), time (time), history (history), item_vector (vector(4))
            without time         each row counts as of now
            without history      no events
            without item_vector  the vector stored
            """);
  }

  @Test
  void differencesStandInATable() {
    assertThat(BundleDiff.text(List.of(new Difference("config.training.seed", "1", "12"))))
        .isEqualTo(
            """
            what                  A  B
            config.training.seed  1  12
            """);
    assertThat(BundleDiff.text(List.of())).isEqualTo("The bundles do not differ.");
  }
}

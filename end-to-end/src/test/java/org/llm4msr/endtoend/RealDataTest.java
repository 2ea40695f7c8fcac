package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;

/** The configurations of {@code examples/configs} on the public data that they are for. */
@Tag("slow")
class RealDataTest {

  @TempDir Path folder;

  /** The yardstick is .7244: the same data and fields in Python PyTorch. */
  @Test
  void mmoeOnKuaiRandReachesTheYardstick() {
    Experiment experiment = example("kuairand.yaml", "kuairand-pure");
    experiment.prepare(false, Progress.NONE);
    try (PreparedData data = experiment.openPrepared()) {
      assertThat(data.manifest().fields()).hasSize(37);
      assertThat(data.manifest().rows().total()).isEqualTo(225_026);
    }

    assertThat(testAuc(experiment)).isGreaterThan(0.722);
  }

  /** The public code gives .776 to .780 with SharedBottom and .772 to .774 with MMoE. */
  @ParameterizedTest
  @CsvSource({"douban.yaml, .778", "douban-mmoe.yaml, .773"})
  void modelsOnDoubanReachThePublicCode(String configuration, double publicCode) {
    Experiment experiment = example(configuration, "douban");
    experiment.prepare(false, Progress.NONE);

    assertThat(testAuc(experiment)).isGreaterThan(publicCode - 0.005);
  }

  private Experiment example(String configuration, String data) {
    Path shared = Path.of(System.getProperty("llm4msr.shared", "none"), "data", data);
    assumeThat(Files.isDirectory(shared)).as("there is no " + shared).isTrue();
    Path file = Path.of(System.getProperty("llm4msr.root"), "examples/configs", configuration);
    return Experiment.fromYaml(
        file, "dataset.path=" + shared.toAbsolutePath(), "workspace=" + folder.resolve("work"));
  }

  private static double testAuc(Experiment experiment) {
    experiment.train("default", Progress.NONE);
    return experiment.evaluate("default", Split.TEST, null, Progress.NONE).result().overall().auc();
  }
}

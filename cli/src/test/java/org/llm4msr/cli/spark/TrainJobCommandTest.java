package org.llm4msr.cli.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.llm4msr.cli.spark.TrainJobCommand.Report;

class TrainJobCommandTest {

  private static Report report() {
    Properties told = new Properties();
    told.putAll(
        Map.of(
            "run", "runs/a",
            "bundle", "runs/a/bundle",
            "workers", "2",
            "steps", "2000",
            "bestStep", "1200",
            "auc", "0.71234",
            "rowsPerSecond", "12345.6",
            "leaks", "true"));
    return TrainJobCommand.report(told);
  }

  @Test
  void readsWhatTheJobTold() {
    assertThat(report())
        .isEqualTo(new Report("runs/a", "runs/a/bundle", 2, 2_000, 1_200, .71234, 12_345.6, true));
  }
}

package org.llm4msr.spark.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.spark.job.JobReport;

class TrainJobTest {

  private static JobReport report(String validation) {
    Map<String, String> told =
        Map.of(
            "run", "runs/a",
            "bundle", "runs/a/bundle",
            "steps", "2000",
            "bestStep", "1200",
            "validation", validation,
            "rowsPerSecond", "12345.6",
            "warnings", "it is slow");
    return TrainJob.report(2, List.of(new HashMap<>(told)));
  }

  @Test
  void saysTheBestStepTheMonitoredMetricTheSpeedAndTheBundle() {
    JobReport report = report("validation AUC 0.7123");

    assertThat(report.text())
        .isEqualTo(
            """
            runs/a: best at step 1,200 of 2,000, validation AUC 0.7123; 12,346 rows/s by 2 workers
            bundle: runs/a/bundle\
            """);
    assertThat(report.values()).containsEntry("workers", "2").doesNotContainKey("warnings");
  }

  @Test
  void saysWhyTheMonitoredMetricHasNoValue() {
    assertThat(report("no validation GAUC: no rows").text())
        .contains(" of 2,000, no validation GAUC: no rows; ");
  }
}

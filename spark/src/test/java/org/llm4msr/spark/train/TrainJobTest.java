package org.llm4msr.spark.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.spark.job.JobReport;

class TrainJobTest {

  private static JobReport report(String monitor, String value, String validation) {
    Map<String, String> told =
        Map.of(
            "run", "runs/a",
            "bundle", "runs/a/bundle",
            "steps", "20",
            "bestStep", "10",
            "monitor", monitor,
            "value", value,
            "validation", validation,
            "warnings", "it is slow");
    return TrainJob.report(2, List.of(new HashMap<>(told)));
  }

  @Test
  void saysTheMonitoredMetricAsItIs() {
    JobReport report = report("AUC", "0.712345678", "validation AUC 0.7123");

    assertThat(report.text())
        .isEqualTo(
            "runs/a: best at step 10 of 20, validation AUC 0.712345678; 2 workers%nbundle: runs/a/bundle"
                .formatted());
    assertThat(report.values()).containsEntry("workers", "2").doesNotContainKey("warnings");
    assertThat(report("LogLoss", "0.4", "validation LogLoss 0.4000").text())
        .contains(" of 20, validation LogLoss 0.4; ");
  }

  @Test
  void saysWhyItHasNoValue() {
    assertThat(report("GAUC", "NaN", "no validation GAUC: no rows").text())
        .contains(" of 20, no validation GAUC: no rows; ");
  }
}

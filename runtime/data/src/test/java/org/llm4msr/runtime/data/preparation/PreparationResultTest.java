package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.prepared.SplitCounts;

class PreparationResultTest {

  @Test
  void countsAreToldWithWhetherTheDataWasThere() {
    SplitCounts rows = new SplitCounts(12_000, 1_500, 900);

    assertThat(PreparationResult.text(Path.of("out"), rows, 1_234, 5, false))
        .isEqualTo(
            "out: 12,000 training, 1,500 validation and 900 test rows of 1,234 users"
                + " in 5 scenarios");
    assertThat(PreparationResult.text(Path.of("out"), rows, 1_234, 5, true))
        .endsWith(" of 1,234 users in 5 scenarios (already prepared)");
  }
}

package org.llm4msr.spark.extract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExtractJobTest {

  private static final Map<String, String> VALUES =
      Map.of(
          "folder", "store",
          "scenarios", "3",
          "users", "1200",
          "items", "0",
          "read", "1203",
          "seconds", "60.15",
          "calls", "20",
          "repeated", "1",
          "stored", "7",
          "without", "4");

  @Test
  void saysWhatWasReadAndWhatWasThere() {
    assertThat(ExtractJob.text(VALUES))
        .isEqualTo(
            "store: 3 scenarios, 1,200 users, 0 items; 1,203 prompts read at 20.0/s in 20 calls (1"
                + " repeated), 7 stored already; 4 users and items have no vector");
  }

  @Test
  void hasNoSpeedWithoutPrompts() {
    Map<String, String> values = new HashMap<>(VALUES);
    values.putAll(Map.of("read", "0", "seconds", "0.0"));

    assertThat(ExtractJob.text(values)).contains("; 0 prompts read at 0.0/s in ");
  }
}

package org.llm4msr.runtime.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedSummaryTest {

  @TempDir Path folder;

  @Test
  void countsByScenarioAndPart() {
    Path target = folder.resolve("prepared");
    Preparations.prepare(
            DatasetPreparationTest.twelveRows(),
            Preparations.config(Preparations.BY_TIME, 2),
            target)
        .close();
    PreparedSummary summary = PreparedSummary.of(target);
    assertThat(summary.parts())
        .containsExactly(
            new PreparedSummary.Part(
                "train", 8, 5, 3, 0.625, "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.008Z"),
            new PreparedSummary.Part(
                "validation", 2, 1, 1, 0.5, "1970-01-01T00:00:00.009Z", "1970-01-01T00:00:00.010Z"),
            new PreparedSummary.Part(
                "test", 2, 1, 1, 0.5, "1970-01-01T00:00:00.011Z", "1970-01-01T00:00:00.012Z"));
    assertThat(summary.scenarios())
        .hasSize(6)
        .contains(
            new PreparedSummary.ScenarioPart("s2", "Second", "train", 2, 2, 0, 1.0),
            new PreparedSummary.ScenarioPart("s1", "First", "train", 6, 3, 3, 0.5),
            new PreparedSummary.ScenarioPart("s1", "First", "test", 1, 0, 1, 0.0));
    assertThat(summary.text())
        .startsWith(
            """
            lists: 5 users (3 in training), 5 items
            label label as given; split time 4:1:1

            part                 rows   positive  time
            train                   8    62.50 %  1970-01-01T00:00:00.001Z to 1970-01-01T00:00:00.008Z
            """)
        .contains("duration                 numeric            CONTEXT   1.857, 0.9897");
  }
}

package org.llm4msr.spark.score;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreJobTest {

  @Test
  void saysRowsAndSpeed() {
    assertThat(ScoreJob.text("s3://logs/out", 12_000, 345.6, 0, List.of()))
        .isEqualTo("s3://logs/out: 12,000 rows, 346 rows/s");
  }

  @Test
  void namesTheFirstRowsWithoutAScore() {
    assertThat(ScoreJob.text("out", 10, 5, 3, List.of("a has no user", "b has no item")))
        .isEqualTo(
            """
            out: 10 rows, 5 rows/s
            Rows that cannot be read and have no score: 3
              a has no user
              b has no item
              ... The column problem names them all.\
            """);
  }
}

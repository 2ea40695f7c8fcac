package org.llm4msr.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class ProgressViewTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private long seconds;

  @Test
  void writesALineAMinuteWithRateAndTimeLeft() {
    try (ProgressView view = view()) {
      at(30, view, 3_000, 100_000);
      at(60, view, 6_000, 100_000);
      at(61, view, 6_100, 100_000);
      at(130, view, 97_500, 100_000);
      seconds = 140;
    }
    // 100 rows/s: 94,000 rows are 15 min 40 s; 750 rows/s: 2,500 rows are 3 s.
    assertThat(out.toString(UTF_8).lines())
        .containsExactly(
            "train: 6,000 of 100,000 rows, 6 %, 100 rows/s, 16 min left",
            "train: 97,500 of 100,000 rows, 98 %, 750 rows/s, less than a minute left",
            "train: 97,500 rows in 140.0 s");
  }

  @Test
  void whatHadBeenDoneBeforeCountsForNoSpeed() {
    ProgressView view = view();
    view.detail(40_000, "900 tokens/s");
    at(100, view, 40_300, 41_000);
    // 300 in 100 s: 700 take 233 s.
    assertThat(out.toString(UTF_8).lines())
        .containsExactly(
            "train: 40,300 of 41,000 rows, 98 %, 3.0 rows/s, 900 tokens/s, 4 min left");
  }

  @Test
  void aStepHasASpeedOfItsOwn() {
    try (ProgressView view = view()) {
      view.step("read");
      at(50, view, 5_000, -1);
      seconds = 70;
      view.step("sort");
      seconds = 100;
      view.step("write");
      at(150, view, 500, 2_000);
      seconds = 300;
    }
    // 500 rows in 50 s: 1,500 take 150 s.
    assertThat(out.toString(UTF_8).lines())
        .containsExactly(
            "train (sort)",
            "train (write): 500 of 2,000 rows, 25 %, 10 rows/s, 3 min left",
            "train: 500 rows in 300.0 s");
  }

  @Test
  void anUnknownTotalHasNoTimeLeft() {
    ProgressView view = view();
    at(90, view, 900, -1);
    assertThat(out.toString(UTF_8).lines()).containsExactly("train: 900 rows, 10 rows/s");
  }

  @Test
  void workThatNeverBeganShowsNothing() {
    view().close();
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  private void at(long second, ProgressView view, long done, long total) {
    seconds = second;
    view.update(done, total);
  }

  private ProgressView view() {
    PrintStream err = new PrintStream(out, true, UTF_8);
    return new ProgressView.Lines(err, "train", "rows", () -> seconds * 1_000_000_000L);
  }
}

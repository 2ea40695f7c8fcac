package org.llm4msr.spark.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TaskLinesTest {

  @Test
  void tellsOnceAMinute() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AtomicLong clock = new AtomicLong();
    TaskLines lines = new TaskLines(new PrintStream(bytes, true, UTF_8), "score", clock::get);
    for (int second = 0; second < 125; second++) {
      clock.set(Duration.ofSeconds(second).toNanos());
      lines.done(3);
    }

    assertThat(bytes.toString(UTF_8).lines())
        .containsExactly("score: 61 of 61 tasks of stage 3", "score: 121 of 121 tasks of stage 3");
  }

  @Test
  void countsAStageThatIsTriedAgainAsOne() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AtomicLong clock = new AtomicLong();
    TaskLines lines = new TaskLines(new PrintStream(bytes, true, UTF_8), "score", clock::get);
    lines.submitted(3, 100);
    for (int task = 0; task < 90; task++) {
      lines.done(3);
    }
    lines.submitted(3, 20);
    clock.set(Duration.ofSeconds(61).toNanos());
    lines.done(3);

    assertThat(bytes.toString(UTF_8).lines()).containsExactly("score: 81 of 100 tasks of stage 3");
  }
}

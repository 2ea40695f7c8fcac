package org.llm4msr.testtimes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TestTimesTest {

  /** The kernel's other account of the same. */
  @Test
  void countsWhatThisProcessTook() throws IOException {
    double told =
        ProcessHandle.current().info().totalCpuDuration().orElseThrow().toMillis() / 1000.0;

    assertThat(TestTimes.processorSeconds()).isCloseTo(told, within(0.5));
  }

  /** The shell's own account of the same. */
  @Test
  void countsChildrenThatEnded() throws Exception {
    double before = TestTimes.processorSeconds();
    Process child =
        new ProcessBuilder("bash", "-c", "for ((i = 0; i < 200000; i++)); do :; done; times")
            .start();
    String first = child.inputReader().readLine();
    assertThat(child.waitFor()).isZero();
    Matcher user = Pattern.compile("^0m([0-9.]+)s").matcher(first);
    assertThat(user.find()).isTrue();
    double told = Double.parseDouble(user.group(1));

    assertThat(told).isGreaterThan(0.1);
    assertThat(TestTimes.processorSeconds() - before).isGreaterThan(told - 0.03);
  }
}

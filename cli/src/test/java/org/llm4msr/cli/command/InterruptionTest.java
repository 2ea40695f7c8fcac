package org.llm4msr.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InterruptionTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Terminal terminal =
      new Terminal(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
  private final Interruption interruption = new Interruption(terminal);

  @Test
  void whatCannotStopSaysWhatIsKept() throws IOException {
    terminal.json(true);
    interruption.setKept("Interrupted; it is kept.");
    interruption.begin();
    terminal.result("late", "late"); // The work goes on until the process is gone.

    assertThat(err.toString(UTF_8)).isEqualTo("[cli/INTERRUPTED] Interrupted; it is kept.\n");
    assertThat(new ObjectMapper().readTree(out.toString(UTF_8)).at("/error/code").asText())
        .isEqualTo("cli/INTERRUPTED");
  }

  @Test
  void whatCanStopIsWaitedForUntilItHasSaidItsLastWords() {
    interruption.setKept("not said");
    interruption.stopWith(
        "Stopping; a checkpoint is being written.",
        () -> {
          terminal.note("[training/STOPPED] at step 3");
          interruption.end();
        });
    interruption.begin();

    assertThat(err.toString(UTF_8))
        .isEqualTo("Stopping; a checkpoint is being written.\n[training/STOPPED] at step 3\n");
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  @Test
  void whatHasNotBegunIsNotWaitedFor() {
    interruption.setKept("Interrupted; it is kept.");
    interruption.stopWith(() -> false, "not said", () -> terminal.note("not asked"));
    interruption.begin();

    assertThat(err.toString(UTF_8)).isEqualTo("[cli/INTERRUPTED] Interrupted; it is kept.\n");
  }

  @Test
  void anOrdinaryEndIsNoInterruption() {
    interruption.setKept("not said");
    interruption.end();
    interruption.begin();
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  /** Whoever calls System.exit waits for the end that would wait for him. */
  @Test
  void codeThatEndsTheProcessIsNamedAndNotWaitedFor() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Exiting.class.getName())
            .redirectErrorStream(true)
            .start();
    try (BufferedReader lines = child.inputReader(UTF_8)) {
      assertThat(lines.lines())
          .anyMatch(
              line ->
                  line.startsWith("[cli/EXIT] ")
                      && line.contains("Exiting.work(InterruptionTest.java:")
                      && line.contains(" called System.exit. What is stored is kept"))
          .doesNotContain("Stopping.");
      assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(child.exitValue()).isEqualTo(1);
    } finally {
      child.destroyForcibly();
    }
  }

  static final class Exiting {
    public static void main(String[] args) {
      Interruption interruption = new Interruption(new Terminal(System.out, System.err));
      Runtime.getRuntime().addShutdownHook(new Thread(interruption::begin));
      interruption.stopWith("Stopping.", () -> {});
      work();
    }

    private static void work() {
      System.exit(0);
    }
  }
}

package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.knowledge.extraction.Chosen;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeExtractor;
import org.llm4msr.runtime.knowledge.extraction.SmallLog;
import org.llm4msr.runtime.knowledge.extraction.WordEncoder;

/** Kills processes that fill a store, with SIGKILL, in the middle of their writes. */
class KilledFillingTest {

  private static final int USERS = 400;

  @TempDir Path folder;

  @Test
  void storeIsWholeAfterAnyKill() throws IOException, InterruptedException {
    long kept = 0;
    for (int reports = 2; reports <= 4; reports++) {
      long reported = fillUntilKilled(reports);
      assertThatThrownBy(() -> KnowledgeStore.open(folder))
          .hasMessageContaining(
              "[knowledge/INCOMPLETE] filling the knowledge store was interrupted");
      try (StoreWriter writer =
          StoreWriter.open(
              folder, info(), EnumSet.allOf(Level.class), false, Duration.ofHours(1))) {
        long now = stored(writer);
        assertThat(now)
            .as("rows after kill at report " + reports)
            .isGreaterThanOrEqualTo(Math.max(kept, reported));
        kept = now;
      }
    }
    assertThat(kept).isGreaterThan(64);

    ExtractionResult last = extract(folder, Duration.ofHours(1), Progress.NONE);

    assertThat(last.stored()).isEqualTo(kept);
    assertThat(last.read()).isEqualTo(USERS + 2 - kept);
    KnowledgeStore store = KnowledgeStore.open(folder);
    float[] vector = new float[3];
    for (int i = 0; i < USERS; i++) {
      assertThat(store.users().read("u" + i, vector)).isTrue();
      assertThat(vector[0]).isEqualTo(2 + 3 * Math.min(1 + i % 7, 3));
    }
  }

  @Test
  void aSecondProcessIsTurnedAwayAndTheFirstGoesOn() throws IOException, InterruptedException {
    Process child = start("wait");
    try (BufferedReader out = child.inputReader(UTF_8)) {
      assertThat(out.readLine()).isEqualTo("report 0");
      assertThatThrownBy(() -> extract(folder, Duration.ofHours(1), Progress.NONE))
          .hasMessageContaining("[knowledge/LOCKED]");
      assertThatThrownBy(() -> KnowledgeStore.open(folder))
          .hasMessageContaining("[knowledge/INCOMPLETE] the knowledge store is being filled.");
      child.getOutputStream().close();
      assertThat(out.lines()).last().isEqualTo("report " + (USERS + 2));
      assertThat(child.waitFor()).isZero();
    } finally {
      child.destroyForcibly();
    }
    assertThat(KnowledgeStore.open(folder).info().users()).isEqualTo(USERS);
    assertThat(extract(folder, Duration.ofHours(1), Progress.NONE).stored()).isEqualTo(USERS + 2);
  }

  private Process start(String mode) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Filling.class.getName(),
            folder.toString(),
            mode)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Returns how many prompts the process had reported when it was killed. */
  private long fillUntilKilled(int reports) throws IOException, InterruptedException {
    Process child = start("go");
    try (BufferedReader out = child.inputReader(UTF_8)) {
      int seen = 0;
      String line = out.readLine();
      while (line != null && seen < reports) {
        seen += line.startsWith("report") ? 1 : 0;
        line = seen < reports ? out.readLine() : line;
      }
      assertThat(child.isAlive()).as("the child was at work").isTrue();
      return Long.parseLong(line.substring("report ".length()));
    } finally {
      child.destroyForcibly();
      child.waitFor();
    }
  }

  private StoreInfo info() {
    return KnowledgeStore.readInfo(folder);
  }

  private static long stored(StoreWriter writer) {
    SmallLog log = SmallLog.of(USERS);
    long[] rows = {0};
    log.scenarioPrompts(log.scenarioStatistics())
        .forEach(
            prompt ->
                rows[0] +=
                    writer.before(Level.SCENARIO).holds(prompt.key(), Hashes.of(prompt)) ? 1 : 0);
    log.forEachUser(
        history ->
            rows[0] +=
                writer.before(Level.USER).holds(history.user(), Hashes.of(log.userPrompt(history)))
                    ? 1
                    : 0);
    return rows[0];
  }

  private static ExtractionResult extract(Path folder, Duration forceEvery, Progress progress) {
    SmallLog log = SmallLog.of(USERS);
    return new KnowledgeExtractor(
            log,
            "data",
            log,
            new WordEncoder(),
            new KnowledgeExtractor.Settings(
                1, Chosen.ALL, false, false, Precision.FLOAT16, List.of(), Map.of()),
            forceEvery)
        .extract(folder, false, progress);
  }

  /** The process that is killed; it never forces anything to the disk before its end. */
  static final class Filling {

    private Filling() {}

    /** In mode {@code wait} it goes on from its first report when its input ends. */
    public static void main(String[] args) {
      boolean[] waits = {args[1].equals("wait")};
      extract(
          Path.of(args[0]),
          Duration.ofHours(1),
          (done, total) -> {
            System.out.println("report " + done);
            System.out.flush();
            if (waits[0]) {
              waits[0] = false;
              readToTheEnd();
            }
          });
    }

    private static void readToTheEnd() {
      try {
        System.in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

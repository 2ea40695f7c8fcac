package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The training time of a run, from what its processes have written. */
class RunsTest {

  @TempDir Path folder;

  @Test
  void addsUpTheProcessesThatMadeARun() throws IOException {
    assertThat(Runs.seconds(folder)).isNaN();
    assertThat(seconds("train 4.5", "train 2.25", "evaluate 100")).isCloseTo(6.75, within(1e-9));
  }

  @Test
  void forgetsTheModelThatWasMeasuredBefore() throws IOException {
    assertThat(seconds("train 4", "evaluate 1", "train 8", "train 16", "evaluate 1", "evaluate 1"))
        .isCloseTo(24, within(1e-9));
  }

  private double seconds(String... stages) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String stage : stages) {
      String[] parts = stage.split(" ");
      lines.add(
          String.format(
              Locale.ROOT,
              "{\"stage\":\"%s\",\"seconds\":%s,\"peakBytes\":null}",
              parts[0],
              parts[1]));
    }
    Files.write(folder.resolve("stages.jsonl"), lines);
    return Runs.seconds(folder);
  }
}

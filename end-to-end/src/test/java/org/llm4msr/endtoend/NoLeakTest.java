package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.knowledge.extraction.PromptPreview;

/**
 * What models and prompts learn does not change by a byte when all validation and test rows are
 * replaced by garbage: through the stages that a user runs.
 */
class NoLeakTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"compact", "full"})
  void promptsVocabulariesAndStatisticsAreThoseOfTheTrainingPart(String style) throws IOException {
    Experiment honest = extracted("honest", false, style);
    Experiment spoiled = extracted("spoiled", true, style);

    assertThat(files(honest.workspace().prepared(), "test.arrow"))
        .as("the other parts differ, or the test shows nothing")
        .isNotEqualTo(files(spoiled.workspace().prepared(), "test.arrow"));
    String learned = "train.arrow|train-users.arrow|histories.arrow|statistics.json|vocabulary/.*";
    assertThat(files(honest.workspace().prepared(), learned))
        .hasSize(4 + 6)
        .isEqualTo(files(spoiled.workspace().prepared(), learned));
    assertThat(fields(honest)).isEqualTo(fields(spoiled));

    PromptPreview prompts = honest.previewPrompts(Integer.MAX_VALUE);
    assertThat(prompts.scenarios()).hasSize(3);
    assertThat(prompts.users()).hasSize(100);
    assertThat(prompts).isEqualTo(spoiled.previewPrompts(Integer.MAX_VALUE));
    assertThat(files(honest.workspace().knowledge(), ".*arrow"))
        .hasSize(2)
        .isEqualTo(files(spoiled.workspace().knowledge(), ".*arrow"));
  }

  private Experiment extracted(String name, boolean garbage, String style) throws IOException {
    Path file = ClickLog.draw(garbage).write(folder.resolve(name));
    Experiment experiment = Experiment.fromYaml(file, "knowledge.prompts.style=" + style);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    return experiment;
  }

  /** Vocabulary sizes, means and deviations. */
  private static List<PreparedField> fields(Experiment experiment) {
    try (PreparedData data = experiment.openPrepared()) {
      return data.manifest().fields();
    }
  }

  /** Returns the SHA-256 of the files whose path in the folder matches. */
  private static Map<String, String> files(Path root, String pattern) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = root.relativize(file).toString();
        if (name.matches(pattern)) {
          content.put(name, sha256(file));
        }
      }
    }
    return content;
  }

  private static String sha256(Path file) throws IOException {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

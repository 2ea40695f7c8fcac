package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.slf4j.LoggerFactory;

/** {@code config check} opens the files that the settings of built-in plugins name. */
class ConfigFilesTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void writeExperiment() throws IOException {
    file = ClickLog.draw(false).write(folder);
  }

  @Test
  void templatesAndFoldersOfEncodersAreLookedFor() {
    MsrException error =
        refusal(
            "knowledge.prompts.userTemplate=mine.txt",
            "knowledge.encoder={name: onnx-sentence, model: bge}");

    assertThat(error.getMessage())
        .contains(
            "2. knowledge.prompts.userTemplate = mine.txt (-Dknowledge.prompts.userTemplate): ",
            folder.resolve("mine.txt").toString())
        .contains(
            "1. knowledge.encoder.model = bge (-Dknowledge.encoder): ",
            "no file model.onnx in " + folder.resolve("bge"));
  }

  @Test
  void anErrorOfAPluginStandsAtTheKeyThatItSpeaksOf() throws IOException {
    Path mine = folder.resolve("mine.yaml");
    Files.writeString(
        mine,
        """
        extends: experiment.yaml
        knowledge:
          encoder:
            name: onnx-sentence
            model: models/bge
        """);

    MsrException error =
        catchThrowableOfType(MsrException.class, () -> Experiment.fromYaml(mine).check());

    assertThat(error.getMessage())
        .contains("knowledge.encoder.model = models/bge (%s:5:12): [".formatted(mine));
  }

  @Test
  void aTemplateIsReadAndAnEncoderIsNotLoaded() throws IOException {
    Files.writeString(folder.resolve("mine.txt"), "{{nonsense}} {{#history}}{{/history}}");
    assertThat(refusal("knowledge.prompts.userTemplate=mine.txt").getMessage())
        .contains("mine.txt", "nonsense");

    Files.createDirectory(folder.resolve("bge"));
    Files.writeString(folder.resolve("bge/model.onnx"), "no weights");
    Files.writeString(folder.resolve("bge/tokenizer.json"), "no tokenizer");
    assertThatCode(
            () ->
                Experiment.fromYaml(file, "knowledge.encoder={name: onnx-sentence, model: bge}")
                    .check())
        .doesNotThrowAnyException();
  }

  @Test
  void pathsOfAnExtendedFileStartAtTheFolderOfTheFileThatIsNamed() throws IOException {
    Files.writeString(file, Files.readString(file).replace("path: .", "path: data"));
    Path mine = Files.createDirectory(folder.resolve("mine")).resolve("mine.yaml");
    Files.writeString(mine, "extends: ../experiment.yaml");

    MsrException error =
        catchThrowableOfType(MsrException.class, () -> Experiment.fromYaml(mine).check());

    assertThat(error.getMessage())
        .contains(
            "there is no " + folder.resolve("mine/data"),
            "Relative paths start at the folder of %s, which extends ".formatted(mine));
    Files.writeString(mine, "extends: ../experiment.yaml\ndataset: {path: ..}");
    assertThatCode(() -> Experiment.fromYaml(mine).check()).doesNotThrowAnyException();
  }

  /** Cut before the header, within it and behind it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 20, 500})
  void aFileThatIsCutOffIsNoProblemOfTheConfiguration(int length) throws IOException {
    Path log = folder.resolve("log.csv.gz");
    Random random = new Random(7);
    try (OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(log))) {
      gzip.write("user,item,page,label\n".getBytes(UTF_8));
      for (int row = 0; row < 1_000; row++) {
        gzip.write((random.nextInt(99) + "," + random.nextInt(99) + ",a,1\n").getBytes(UTF_8));
      }
    }
    Files.write(log, Arrays.copyOf(Files.readAllBytes(log), length));
    Files.writeString(
        file,
        "dataset: { name: table, path: ., files: [log.csv.gz], scenario: page, split: { by: random } }");

    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> Experiment.fromYaml(file).prepare(false, Progress.NONE));

    assertThat(error.type()).isEqualTo(ErrorType.DATA);
    assertThat(error.getMessage())
        .startsWith("[data/DAMAGED_GZIP] " + log + " is cut off or damaged");
  }

  @Test
  void namesOfFieldsAreChecked() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "user,item,label,x\n1,2,1,3\n");
    Files.writeString(
        file,
        "dataset: { name: table, path: ., files: [log.csv], split: { by: random }, fields: [{column: x}, {column: x}] }");

    assertThat(refusal()).hasMessageContaining("The field name 'x' is used twice");
  }

  @Test
  void usersWhoseFileNamesThemOtherwiseAreWarnedOf() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "user,item,label\n" + "17,2,1\n18,2,0\n".repeat(20));
    Files.writeString(
        file,
        "dataset: { name: table, path: ., files: [log.csv], split: { by: random }, users: { files: [users.csv], key: id }, fields: [{column: age, table: users}] }\nworkspace: w");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger =
        (Logger) LoggerFactory.getLogger("org.llm4msr.runtime.data.preparation.EntityTables");
    logger.addAppender(log);
    try {
      Files.writeString(folder.resolve("users.csv"), "id,age\n17.0,30\n18.0,31\n");
      Experiment.fromYaml(file).prepare(true, Progress.NONE);
      assertThat(log.list)
          .singleElement()
          .extracting(ILoggingEvent::getFormattedMessage)
          .asString()
          .startsWith("None of the users of the interactions is described: ")
          .endsWith("which begin with '17' and '17.0'.");

      log.list.clear();
      Files.writeString(folder.resolve("users.csv"), "id,age\n17,30\n18.0,31\n");
      Experiment.fromYaml(file).prepare(true, Progress.NONE);
      assertThat(log.list).isEmpty();
    } finally {
      logger.detachAppender(log);
    }
  }

  private MsrException refusal(String... overrides) {
    return catchThrowableOfType(
        MsrException.class, () -> Experiment.fromYaml(file, overrides).check());
  }
}

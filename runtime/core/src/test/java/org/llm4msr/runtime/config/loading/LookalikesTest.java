package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;

/** What looks like YAML and is not; {@code |} ends a line, {@code _} is a no-break space. */
class LookalikesTest {

  private static final String REST = "dataset: { name: movies, path: ., split: { by: given } }\n";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      textBlock =
          """
          training:|  epochs:5|  batchSize: 3;  (e.yaml:3:3): 'epochs:5' has no space behind its colon. Write 'epochs: 5'
          training:|  batchSize: 3|  epochs:5;  (e.yaml:4:3): 'epochs:5' has no space behind its colon. Write 'epochs: 5'
          training:|  epochs:5|  seed:3;  training = epochs:5 seed:3 (e.yaml:3:3): must be a mapping. 'epochs:5' has no space behind its colon. Write 'epochs: 5'
          training: {epochs:5, seed: 3};  training.epochs:5 (e.yaml:2:12): unknown key. 'epochs:5' has no space behind its colon. Write 'epochs: 5'
          model:|  backbone:|    name:mmoe;  there are flat, mmoe. Plugins in a plugin folder need --plugins FOLDER. 'name:mmoe' has no space behind its colon. Write 'name: mmoe'
          training:|  epochs：5|  # seed|  batchSize: 3;  (e.yaml:3:3): 'epochs：5' has U+FF1A (fullwidth colon), which YAML takes for a letter. Write 'epochs: 5'
          training：|  epochs: 5;  (e.yaml:2:1): 'training：' has U+FF1A (fullwidth colon), which YAML takes for a letter. Write 'training:'
          training:|  batchSize: 3|  epochs:_5;  (e.yaml:4:3): 'epochs:_5' has U+00A0 (no-break space) behind its colon, which YAML takes for a letter. Write 'epochs: 5'
          training:_|  epochs: 5;  (e.yaml:2:1): 'training:_' has U+00A0 (no-break space) behind its colon, which YAML takes for a letter. Write 'training:'
          training:|  epochs: _5;  training.epochs = _5 (e.yaml:3:11): must be a whole number. '5' has U+00A0 (no-break space) beside it, which YAML takes for a letter. Write '5'
          training:|  seed: 3|__epochs: 5;  __epochs (e.yaml:4:1): unknown key. 'epochs' is indented with U+00A0 (no-break space), which YAML takes for a letter. Indent it with plain spaces
          training:|  seed: 3| _epochs: 5|  batchSize: 3;  (e.yaml:4:2): 'epochs: 5' is indented with U+00A0 (no-break space), which YAML takes for a letter. Indent it with plain spaces
          training:|  epochs: “5”;  training.epochs = “5” (e.yaml:3:11): must be a whole number. '“5”' has U+201C (left double quotation mark) for a quote, which YAML takes for a letter. Write '"5"'
          training: { optimizer: { name: ‘adam’ } };  is not one of adam, adagrad, sgd. '‘adam’' has U+2018 (left single quotation mark) for a quote, which YAML takes for a letter. Write '"adam"'
          “training”: { epochs: 5 };  “training” (e.yaml:2:1): unknown key. '“training”' has U+201C (left double quotation mark) for a quote, which YAML takes for a letter. Write '"training"'
          workspace: "w”|training:|  epochs: 3;  (e.yaml:2:14): 'workspace: "w”' has U+201D (right double quotation mark), which YAML takes for a letter. Write 'workspace: "w"'
          """)
  void isToldWhereItStandsWithWhatToWrite(String yaml, String problem) throws IOException {
    String text = REST + yaml.replace('|', '\n').replace('_', '\u00A0') + "\n";

    MsrException error = catchThrowableOfType(MsrException.class, () -> load(text));

    assertThat(error.getMessage())
        .startsWith("[config/INVALID] " + folder)
        .contains(" has a problem:\n")
        .contains(
            problem.replace("'", "`").replace('_', '\u00A0').replace("e.yaml", file() + "") + "\n");
  }

  @Test
  void aFullWidthCommaIsToldBesideWhatYamlSays() throws IOException {
    assertThat(
            catchThrowableOfType(
                MsrException.class, () -> load(REST + "training: { epochs: 5，seed: 3 }\n")))
        .hasMessageContaining(
            "e.yaml:2:27): is not valid YAML: while parsing a flow mapping, expected ',' or '}',"
                + " but got :. `training: { epochs: 5，seed: 3 }` has U+FF0C (fullwidth comma),"
                + " which YAML takes for a letter. Write `training: { epochs: 5, seed: 3 }`\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "workspace: 用户：张三的数据，第一版",
        "workspace: the user’s folder",
        "workspace: “one” and “two”",
        "workspace: \"“quoted”\"",
        "workspace: C:\\data:old",
        "workspace: http://host:80/a",
        "workspace: a\u00A0b",
        "workspace: |\n  epochs：5\n  seed:3",
      })
  void valuesMayHoldAllOfThem(String yaml) throws IOException {
    LoadedConfig loaded = load(REST + yaml + "\n");

    assertThat(loaded.config().workspace()).isNotEmpty();
    assertThat(loaded.warnings()).isEmpty();
  }

  /** Lines above that are like others of this test, but not why this is no YAML. */
  @ParameterizedTest
  @ValueSource(
      strings = {"# 第一版，二", "workspace: 一，二", "workspace: it’s 5\" long", "# the \"user’s"})
  void linesAboveAnotherMistakeAreNotBlamed(String above) throws IOException {
    assertThat(
            catchThrowableOfType(
                MsrException.class, () -> load(REST + above + "\ntraining: epochs: 5\n")))
        .hasMessageContaining("e.yaml:3:17): is not valid YAML: mapping values are not allowed");
  }

  /** The block above has strange lines, but it is not why this is no YAML. */
  @Test
  void anotherMistakeIsNotExplainedByThem() throws IOException {
    String text = REST + "workspace: |\n  epochs：5\n  seed:3\ntraining: { epochs: 5\nmodel: {}\n";

    assertThat(catchThrowableOfType(MsrException.class, () -> load(text)))
        .hasMessageContaining("e.yaml:6:6): is not valid YAML: while parsing a flow mapping");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          “data”; `“data”` has U+201C (left double quotation mark) for a quote, which YAML takes for a letter. Write `"data"`.
          data_;  `data` has U+00A0 (no-break space) beside it, which YAML takes for a letter. Write `data`.
          """)
  void aTextThatIsEnclosedInThemIsWarnedOf(String value, String warning) throws IOException {
    String yaml = "workspace: " + value.replace('_', '\u00A0');

    assertThat(load(REST + yaml).warnings()).containsExactly(file() + ":2:12: " + warning);
    assertThat(load(REST, yaml.replace(": ", "=")).warnings())
        .containsExactly("-Dworkspace: " + warning);
  }

  private LoadedConfig load(String yaml, String... overrides) throws IOException {
    Files.writeString(file(), yaml);
    return ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")))
        .load(file(), List.of(overrides));
  }

  private Path file() {
    return folder.resolve("e.yaml");
  }
}

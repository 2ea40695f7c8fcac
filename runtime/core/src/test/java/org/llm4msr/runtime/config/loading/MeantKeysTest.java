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
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Setting;

/** What a user may have meant by a setting that is refused. */
class MeantKeysTest {

  private static final String REST = "dataset: { name: movies, path: ., split: { by: given } }\n";

  @TempDir Path folder;

  private String problem(String yaml) throws IOException {
    Path file = folder.resolve("e.yaml");
    Files.writeString(file, REST + yaml + "\n");
    ConfigLoader loader = ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")));
    return String.valueOf(
        catchThrowableOfType(MsrException.class, () -> loader.load(file, List.of())).getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          runtime: { engine: pytorch };  must be PyTorch or MXNet. Did you mean PyTorch? Allowed: text, of the form PyTorch|MXNet
          runtime: { engine: TensorFlow };  must be PyTorch or MXNet. Allowed: text, of the form PyTorch|MXNet
          runtime: { device: gpu };  must be auto, cpu or gpu:N. Allowed: text, of the form auto|cpu|gpu:[0-9]{1,4}
          training: { learningRate: 0.1 };  training.learningRate (e.yaml:2:13): unknown key. Did you mean optimizer.learningRate? There are
          training: { optimizer: { learningRate: 0,001 } };  training.optimizer.001 (e.yaml:2:42): is what a comma cut off from the value before it. Numbers have a decimal point: 0.5
          training: { epoch: 3 };  training.epoch (e.yaml:2:13): unknown key. Did you mean epochs?
          """)
  void isNamed(String yaml, String problem) throws IOException {
    assertThat(problem(yaml)).contains(problem.replace("e.yaml", folder.resolve("e.yaml") + ""));
  }

  /** Settings of which two have names that are alike. */
  public record Experts(
      @Setting("How many") int experts, @Setting("Widths of each") List<Integer> expert) {}

  @Test
  void aNumberForAListIsThatOfASettingWithANameLikeIt() {
    ConfigLoader loader = ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")));
    assertThat(
            catchThrowableOfType(
                MsrException.class,
                () -> loader.bind(Experts.class, List.of("experts=2", "expert=4"), "It")))
        .hasMessageContaining("must be a list, for example [4]. Did you mean experts?");
  }

  @Test
  void threeSharesAreThreeElements() throws IOException {
    Path file = folder.resolve("e.yaml");
    Files.writeString(file, REST.replace("by: given", "ratio: [8, 2]"));
    ConfigLoader loader = ConfigLoader.standard(ConfigPlugins.registry(folder.resolve("plugins")));
    assertThat(catchThrowableOfType(MsrException.class, () -> loader.load(file, List.of())))
        .hasMessageContaining("dataset.split.ratio = [8.0, 2.0] (")
        .hasMessageContaining("): must have 3 elements. Allowed: ");
  }

  @Test
  void aKeyInTheWrongColumnIsToldToBeOne() throws IOException {
    assertThat(problem("training:\n  epochs: 5\n    batchSize: 3"))
        .contains("is not valid YAML: mapping values are not allowed here. Keys of one section");
  }
}

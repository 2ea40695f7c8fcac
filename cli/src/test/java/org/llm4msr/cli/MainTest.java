package org.llm4msr.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.config.loading.ConfigPlugins;
import org.llm4msr.runtime.experiment.RuntimeModule;

class MainTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String file;

  @BeforeEach
  void writeExperiment() throws IOException {
    file = folder.resolve("e.yaml").toString();
    Files.writeString(
        Path.of(file),
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: { name: mmoe, numExperts: 6 } }
        """);
  }

  @Test
  void listsAndDescribesPlugins() throws IOException {
    assertThat(run("plugins", "list", "--kind", "backbone")).isZero();
    assertThat(out()).contains("backbone  flat").contains("backbone  mmoe").doesNotContain("hash");

    assertThat(run("plugins", "describe", "mmoe")).isZero();
    assertThat(out())
        .contains("mmoe (backbone): Test MMoE", "has a hidden state", "expertLayers", "[128, 64]")
        .contains("a whole number, at least 1, at most 64");

    assertThat(run("plugins", "list", "--json")).isZero();
    assertThat(json().at("/plugins"))
        .anySatisfy(plugin -> assertThat(plugin.at("/name").asText()).isEqualTo("hash"));
  }

  @Test
  void whatIsKeptIsReplacedByEitherName() {
    assertThat(run("data", "prepare", "--help")).isZero();
    assertThat(out()).contains("--force, --rebuild");
    assertThat(run("knowledge", "extract", "--help")).isZero();
    assertThat(out()).contains("--force, --rebuild");
  }

  @Test
  void aRightConfigurationIsShownWithItsDefaults() throws IOException {
    assertThat(run("config", "check", file)).isZero();
    assertThat(out()).contains("e.yaml is valid.");
    assertThat(err()).contains("warning: model.backbone.numExperts").contains("rename it");

    assertThat(run("config", "show", file, "-Dtraining.epochs=2", "--json")).isZero();
    assertThat(json().at("/training/epochs").asInt()).isEqualTo(2);
    assertThat(json().at("/model/backbone/experts").asInt()).isEqualTo(6);
  }

  @Test
  void aConfigurationWithoutAModelIsRightForDataAlone() throws IOException {
    Files.writeString(Path.of(file), "dataset: { name: movies, path: ., split: { by: given } }\n");
    assertThat(run("config", "check", file, "--json")).isZero();
    assertThat(json().at("/warnings/0").asText())
        .isEqualTo(
            "there is no section model: data can be prepared and inspected, but nothing can be"
                + " trained");
    assertThat(run("train", file)).isEqualTo(2);
    assertThat(err()).contains("[config/NO_MODEL]");
  }

  @Test
  void metaNetworksThatNothingReadsAreTold() throws IOException {
    String model = "model: { backbone: mmoe%s }\n";
    String data = "dataset: { name: movies, path: ., split: { by: given } }\n";
    Files.writeString(
        Path.of(file), data + model.formatted(", metaNetworks: { user: { layers: [8] } }"));
    assertThat(run("config", "check", file, "--json")).isZero();
    assertThat(json().at("/warnings"))
        .singleElement()
        .extracting(JsonNode::asText)
        .isEqualTo("model.metaNetworks has no effect: the head none reads no knowledge");
    Files.writeString(Path.of(file), data + model.formatted(""));
    assertThat(run("config", "check", file, "--json")).isZero();
    assertThat(json().at("/warnings")).isEmpty();
  }

  @Test
  void eachKindOfFileHasASchema() throws IOException {
    assertThat(run("config", "schema")).isZero();
    assertThat(json().at("/title").asText()).isEqualTo("llm4msr experiment");
    assertThat(run("config", "schema", "--of", "compare")).isZero();
    assertThat(json().at("/else/required").toString()).isEqualTo("[\"experiments\"]");
    assertThat(run("config", "schema", "--of", "tune")).isZero();
    assertThat(json().at("/else/required").toString()).isEqualTo("[\"experiment\",\"space\"]");
    assertThat(run("config", "schema", "--of", "bundle")).isEqualTo(2);
    assertThat(err()).contains("expected one of experiment, compare, tune");
  }

  @Test
  void aWrongConfigurationExitsWithTwoAndWithoutAStackTrace() throws IOException {
    assertThat(run("config", "check", file, "-Dtraining.epochs=0")).isEqualTo(2);
    assertThat(out()).isEmpty();
    assertThat(err()).contains("[config/INVALID]", "training.epochs = 0").doesNotContain("\tat ");

    assertThat(run("config", "check", file, "-Dtraining.epochs=0", "--debug")).isEqualTo(2);
    assertThat(err()).contains("\tat org.llm4msr");

    assertThat(run("config", "check", file, "-Dtraining.epochs=0", "--json")).isEqualTo(2);
    assertThat(json().at("/error/code").asText()).isEqualTo("config/INVALID");
    assertThat(json().at("/error/type").asText()).isEqualTo("USER");
  }

  @Test
  void saysThatAllIsWellAndWhichPartsThereAre() {
    assertThat(run("plugins", "list", "--strict", "--kind", "meta-network")).isZero();
    assertThat(out()).contains("ok     meta-network  mlp");
    assertThat(run("plugins", "describe", "mlp")).isZero();
    assertThat(out()).contains("generatorHidden", "layers", "activation", "outputActivation");
    assertThat(run("evaluate", file, "--split", "tset")).isEqualTo(2);
    assertThat(err()).contains("expected one of train, validation, test but was 'tset'");
  }

  @Test
  void withJsonWrongUseIsOneErrorObjectToo() throws IOException {
    assertThat(run("config", "check", "--json")).isEqualTo(2);
    assertThat(json().at("/error/code").asText()).isEqualTo("cli/USAGE");
    assertThat(json().at("/error/message").asText()).contains("FILE");

    assertThat(run("config", "check", file, "-Dtraining.epochs=0", "--json")).isEqualTo(2);
    assertThat(json().at("/error/message").asText()).doesNotContain("[config/INVALID]");
  }

  @Test
  void noDataSetIsLoadedBeforeItsLicenceIsAccepted() throws IOException {
    String target = folder.resolve("films").toString();
    assertThat(run("data", "download", "movielens-1m", "--out", target)).isEqualTo(2);
    assertThat(err())
        .contains("https://files.grouplens.org/datasets/movielens/ml-1m.zip")
        .contains("Licence: MovieLens usage licence of GroupLens")
        .contains("[download/LICENCE]", "--accept-licence");
    assertThat(Path.of(target)).doesNotExist();
    assertThat(run("data", "download", "douban", "--accept-licence")).isEqualTo(2);
    assertThat(err()).contains("[download/MANUAL]", "Kaggle");

    assertThat(run("data", "download", "--json")).isZero();
    assertThat(json().at("/datasets"))
        .anySatisfy(dataset -> assertThat(dataset.at("/name").asText()).isEqualTo("kuairand-pure"));
  }

  @Test
  void wrongUseExitsWithTwo() {
    assertThat(run("trian")).isEqualTo(2);
    assertThat(err()).contains("train");
    assertThat(run()).isEqualTo(2);
    assertThat(run("train")).isEqualTo(2);
    assertThat(run("plugins", "describe", "mmo")).isEqualTo(2);
    assertThat(err()).contains("Did you mean mmoe?");
  }

  @Test
  void aWordThatIsNoCommandIsWrongUseBesideHelpToo() {
    assertThat(run("nonsense", "--help")).isEqualTo(2);
    assertThat(err()).startsWith("Unmatched argument at index 0: 'nonsense'");
    assertThat(run("data", "nonsense", "--help")).isEqualTo(2);
    assertThat(err()).startsWith("Unmatched argument at index 1: 'nonsense'");
    assertThat(run("data", "--help", "nonsense")).isEqualTo(2);
    assertThat(out()).isEmpty();
    assertThat(run("data", "--help")).isZero();
    assertThat(run("data", "prepare", "--help")).isZero();
  }

  @Test
  void theMemoryOfPreparationIsReadBesideOtherSettings() {
    for (String[] options :
        List.of(
            new String[] {"--memory", "lots", "-Dtraining.seed=1"},
            new String[] {"-Dtraining.seed=1", "--memory", "lots"})) {
      assertThat(run("data", "prepare", file, options[0], options[1], options[2])).isEqualTo(2);
      assertThat(err()).contains("runtime.memory = lots");
    }
  }

  @Test
  void aFolderOfPreparedDataTakesNoSettings() {
    for (String command : List.of("inspect", "serve")) {
      assertThat(run("data", command, folder.toString(), "-Dnonsense.key=3")).isEqualTo(2);
      assertThat(err())
          .contains(
              "-Dnonsense.key=3 overrides a setting of an experiment", folder + " is a folder");
    }
  }

  @Test
  void anItemIsExplainedForAUserAndValuesForAnItem() {
    assertThat(run("explain", file, "--item", "i3")).isEqualTo(2);
    assertThat(err()).contains("--item needs --user");
    assertThat(run("explain", file, "--user", "17", "--with", "age=3")).isEqualTo(2);
    assertThat(err()).contains("--with needs --item");
  }

  @Test
  void aFaultExitsWithOneAndShowsItsTrace() {
    assertThat(run("data", "prepare", file)).isEqualTo(1);
    assertThat(err()).contains("UnsupportedOperationException", "[internal/FAULT]");
  }

  @Test
  void helpGoesToStandardOutput() {
    assertThat(run("--help")).isZero();
    assertThat(out()).contains("quickstart", "knowledge", "Exit codes", "130");
    assertThat(err()).isEmpty();
  }

  private int run(String... arguments) {
    out.reset();
    err.reset();
    PrintStream outStream = new PrintStream(out, true, UTF_8);
    PrintStream errStream = new PrintStream(err, true, UTF_8);
    RuntimeModule module = new RuntimeModule(ConfigPlugins.registry(folder.resolve("plugins")));
    return new Main(outStream, errStream, folders -> module).run(arguments);
  }

  private String out() {
    return out.toString(UTF_8);
  }

  private String err() {
    return err.toString(UTF_8);
  }

  /** All of standard output is one JSON value. */
  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out());
  }
}

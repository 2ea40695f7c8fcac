package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import jakarta.validation.constraints.NotBlank;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.MetaNetworksConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.plugins.TestPlugins;

class ConfigLoaderTest {

  @TempDir Path folder;
  private ConfigLoader loader;

  @BeforeEach
  void makeLoader() {
    loader = ConfigLoader.standard(ConfigPlugins.registry(folder));
  }

  @Test
  void bindsEveryKindOfValueAndFillsInDefaults() throws IOException {
    LoadedConfig loaded = load("good.yaml");

    ExperimentConfig config = loaded.config();
    assertThat(config.workspace()).isEqualTo("work");
    assertThat(config.dataset().reader().name()).isEqualTo("movies");
    assertThat(config.dataset().reader().config()).isEqualTo(new ConfigPlugins.ReaderConfig(3.5));
    assertThat(config.dataset().path()).isEqualTo("data/ml");
    assertThat(config.dataset().scenarios()).containsExactly("1", "0");
    assertThat(config.dataset().split().ratio()).containsExactly(8.0, 1.0, 1.0);
    assertThat(config.dataset().split().validationFrom()).isNull();
    assertThat(config.knowledge().missing()).isEqualTo(KnowledgeConfig.Missing.LEARNED);
    assertThat(config.model().backbone().config())
        .isEqualTo(
            new ConfigPlugins.MmoeConfig(
                8, List.of(128, 64), 2, 5L, java.util.Optional.of("tuned")));
    assertThat(config.model().fusion().name()).isEqualTo("hierarchical");
    assertThat(config.model().metaNetworks().user().layers()).containsExactly(32, 16);
    assertThat(config.model().metaNetworks().user().activation()).isEqualTo(Activation.TANH);
    assertThat(config.model().metaNetworks().user().network().config())
        .isEqualTo(new ConfigPlugins.MetaConfig(64));
    assertThat(config.model().metaNetworks().scenario().layers()).containsExactly(64);
    assertThat(config.training().clipNorm()).isNull();
    assertThat(config.training().scenarioWeights()).containsEntry("1", 2.0);
    assertThat(config.training().optimizer().name()).isEqualTo(OptimizerConfig.Rule.ADAGRAD);
    assertThat(config.training().batchSize()).isEqualTo(1_000);
    assertThat(loaded.warnings())
        .containsExactly(
            "model.backbone.numExperts (good.yaml:13:15) is now called model.backbone.experts;"
                + " rename it.");
  }

  /** Each file is a mistake that users make; the text that they get stands beside it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "many-problems",
        "missing-keys",
        "unknown-plugin",
        "wrong-enum",
        "custom-constraint",
        "no-yaml",
        "twice",
        "secret",
        "both-names",
      })
  void everyProblemIsReportedAtOnce(String name) throws IOException {
    MsrException error = catchThrowableOfType(MsrException.class, () -> load(name + ".yaml"));

    assertThat(error).isNotNull();
    assertThat(error.getMessage() + "\n").isEqualTo(resource(name + ".txt"));
  }

  record Training(@Setting("Passes") int epochs) {}

  record Part(@Setting("Few") Training training, @Setting("Many") AnyValue model) {}

  @Test
  void ofAPartOfAFileNoOtherKeysAreLookedAt() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("part.yaml"),
            """
            elsewhere: [1, 2]
            training: { epochs: 3, unheard: of }
            model: { backbone: flat }
            """);

    Part part = loader.readPart(Part.class, file);

    assertThat(part.training().epochs()).isEqualTo(3);
    assertThat(part.model().yaml()).contains("backbone");
    Files.writeString(file, "training: { epochs: many, unheard: of }\nmodel: {}");
    assertThat(catchThrowableOfType(MsrException.class, () -> loader.readPart(Part.class, file)))
        .hasMessageContaining("training.epochs = many")
        .hasMessageNotContaining("unheard");
  }

  @Test
  void aPasswordInAnAddressIsNotShown() {
    assertThat(
            catchThrowableOfType(
                MsrException.class,
                () -> load("good.yaml", "runtime.engine=https://ann:s3cret@host")))
        .hasMessageContaining("runtime.engine = https://ann:***@host")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void extendsMergesDeeplyAndLeavesSettingsOfAReplacedPluginBehind() throws IOException {
    copy("good.yaml");
    Files.writeString(
        folder.resolve("child.yaml"),
        """
        extends: good.yaml
        model:
          backbone: { name: flat }
        training: { epochs: 2 }
        """);

    LoadedConfig loaded = loadCopied("child.yaml");

    assertThat(loaded.config().training().epochs()).isEqualTo(2);
    assertThat(loaded.config().training().batchSize()).isEqualTo(1_000);
    assertThat(loaded.config().model().backbone().name()).isEqualTo("flat");
    assertThat(loaded.warnings())
        .anySatisfy(
            warning ->
                assertThat(warning)
                    .startsWith("model.backbone.numExperts (good.yaml:13:15) is not a setting"));
  }

  @Test
  void mergeKeysTakeOverWhatAMappingLacks() throws IOException {
    copy("good.yaml");
    Files.writeString(
        folder.resolve("child.yaml"),
        """
        extends: good.yaml
        model:
          metaNetworks:
            user: &user { name: mlp, layers: [8, 4], generatorHidden: 16 }
            scenario: { <<: *user, layers: [2] }
        training: { <<: [{ epochs: 3 }, { epochs: 4, batchSize: 32 }] }
        """);

    ExperimentConfig config = loadCopied("child.yaml").config();

    assertThat(config.model().metaNetworks().scenario().layers()).containsExactly(2);
    assertThat(config.model().metaNetworks().scenario().network().config())
        .isEqualTo(config.model().metaNetworks().user().network().config());
    assertThat(config.training().epochs()).isEqualTo(3);
    assertThat(config.training().batchSize()).isEqualTo(32);
  }

  @Test
  void aMergeKeyNeedsAMapping() throws IOException {
    copy("good.yaml");
    Files.writeString(
        folder.resolve("child.yaml"), "extends: good.yaml\ntraining: { <<: [5], epochs: 3 }\n");

    MsrException error = catchThrowableOfType(MsrException.class, () -> loadCopied("child.yaml"));

    assertThat(error).hasMessageContaining("<< (child.yaml:2:18): must be a mapping, or a list");
  }

  @Test
  void aCircleOfFilesIsRefused() throws IOException {
    Files.writeString(folder.resolve("a.yaml"), "extends: b.yaml\n");
    Files.writeString(folder.resolve("b.yaml"), "extends: a.yaml\n");

    MsrException error = catchThrowableOfType(MsrException.class, () -> loadCopied("a.yaml"));

    assertThat(error.code()).isEqualTo("config/CYCLE");
    assertThat(error.getMessage()).containsSubsequence("a.yaml -> ", "b.yaml -> ", "a.yaml");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[[good.yaml]]", "{file: good.yaml}", "[{file: good.yaml}]"})
  void aBaseThatIsNoNameOfAFileIsTold(String base) throws IOException {
    copy("good.yaml");
    Files.writeString(folder.resolve("mine.yaml"), "extends: " + base + "\nworkspace: w\n");

    MsrException error = catchThrowableOfType(MsrException.class, () -> loadCopied("mine.yaml"));

    assertThat(error.getMessage())
        .containsPattern("extends \\(mine.yaml:1:\\d+\\): must be the name of a file or a list of");
  }

  @Test
  void overridesWinAndAreNamedInErrors() throws IOException {
    LoadedConfig loaded =
        load(
            "good.yaml",
            "training.batchSize=64",
            "model.metaNetworks.user.layers=[8, 8]",
            "training.optimizer={name: sgd, learningRate: 0.1}");
    assertThat(loaded.config().training().batchSize()).isEqualTo(64);
    assertThat(loaded.config().model().metaNetworks().user().layers()).containsExactly(8, 8);
    assertThat(loaded.config().training().optimizer().learningRate()).isEqualTo(0.1);

    assertThat(
            catchThrowableOfType(
                MsrException.class, () -> load("good.yaml", "training.batchSize=-1")))
        .hasMessage(
            "[config/INVALID] good.yaml has a problem:\n"
                + "  1. training.batchSize = -1 (-Dtraining.batchSize): must be greater than or"
                + " equal to 1. Allowed: a whole number, at least 1, at most 1048576\n"
                + "Fix this and run `llm4msr config check` on the file.");
    assertThat(catchThrowableOfType(MsrException.class, () -> load("good.yaml", "epochs")).code())
        .isEqualTo("config/OVERRIDE");
  }

  /** Settings with a list of records. */
  public record Table(
      @Setting("Columns") List<Column> columns, @Setting("Sizes") List<List<Integer>> sizes) {}

  /** One of a list. */
  public record Column(@Setting("Its name") String name, @Setting("Its kind") String kind) {}

  /** The example of a message is written where the mistake was, and loads. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dataset.split.ratio | 0.8 | [4, 1, 1]",
        "dataset.split.ratio | '8:1:1' | [8, 1, 1]",
        "dataset.split.ratio | 80/10/10 | [80, 10, 10]",
        "dataset.split.ratio | '{train: 8}' | [4, 1, 1]",
        "dataset.scenarios | 1 | [1]",
        "model.backbone.expertLayers | 64 | [64]",
        "model.backbone.expertLayers | wide | [128, 64]",
      })
  void theExampleOfAListIsAcceptedItself(String key, String wrong, String example)
      throws IOException {
    MsrException error =
        catchThrowableOfType(MsrException.class, () -> load("good.yaml", key + "=" + wrong));

    assertThat(error).hasMessageContaining("must be a list, for example " + example + "\n");
    String read = error.getMessage().replaceFirst("(?s).*for example (\\[.*?])\n.*", "$1");
    assertThatCode(() -> load("good.yaml", key + "=" + read)).doesNotThrowAnyException();
  }

  @Test
  void anEmptyOverrideIsRefusedWithWhatToWrite() throws IOException {
    assertThat(catchThrowableOfType(MsrException.class, () -> load("good.yaml", "workspace=")))
        .hasMessage(
            "[config/OVERRIDE] -Dworkspace= has nothing behind the equals sign. Write"
                + " -Dworkspace=VALUE, -Dworkspace=null for the default or for no value, or"
                + " -Dworkspace='\"\"' for an empty text.");
    assertThat(load("good.yaml", "workspace=null").config().workspace()).isEqualTo("work");
    assertThat(load("good.yaml", "dataset.path=\"\"").config().dataset().path()).isEmpty();
  }

  @Test
  void overridesReachElementsOfLists() throws IOException {
    LoadedConfig loaded =
        load("good.yaml", "dataset.split.ratio[1]=3", "model.metaNetworks.user.layers[0]=9");
    assertThat(loaded.config().dataset().split().ratio()).containsExactly(8.0, 3.0, 1.0);
    assertThat(loaded.config().model().metaNetworks().user().layers()).containsExactly(9, 16);
    assertThat(loaded.effective().origins().get("dataset.split.ratio"))
        .hasToString("-Ddataset.split.ratio[1]");

    assertThat(
            loader.bind(
                Table.class,
                List.of(
                    "columns=[{name: a, kind: b}, {name: c, kind: d}]",
                    "columns[1].kind=e",
                    "columns[0]={name: f}",
                    "sizes=[[1, 2], [3]]",
                    "sizes[0][1]=4"),
                "a table"))
        .isEqualTo(
            new Table(
                List.of(new Column("f", "b"), new Column("c", "e")),
                List.of(List.of(1, 4), List.of(3))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dataset.split.ratio[3]=1 | dataset.split.ratio has 3 element(s), numbered from 0; to"
            + " add one, give the whole list: -Ddataset.split.ratio=[...]",
        "dataset.scenarios.0=7 | dataset.scenarios is a list: address an element by its number,"
            + " dataset.scenarios[0], or give the whole list",
        "model.backbone.expertLayers[0]=7 | the configuration has no list at"
            + " model.backbone.expertLayers; give the whole list:"
            + " -Dmodel.backbone.expertLayers=[...]",
        "dataset.scenarios[x]=7 | unknown key",
        "dataset..path=7 | unknown key",
        "[0]=7 | must begin with a key",
      })
  void overridesOfElementsThatAreNotThereAreExplained(String override, String rule) {
    assertThat(catchThrowableOfType(MsrException.class, () -> load("good.yaml", override)))
        .hasMessageContaining(
            "  1. %s (-D%1$s): %s".formatted(override.substring(0, override.indexOf('=')), rule));
  }

  @Test
  void settingsWithoutANameAreThoseOfTheDefaultPlugin() throws IOException {
    String plain =
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: mmoe }
        """;
    Files.writeString(folder.resolve("plain.yaml"), plain);

    LoadedConfig loaded =
        loadCopied(
            "plain.yaml",
            "model.metaNetworks.user.generatorHidden=8",
            "model.metaNetworks.scenario.layers=[4]");

    MetaNetworksConfig networks = loaded.config().model().metaNetworks();
    assertThat(networks.user().network().name()).isEqualTo("mlp");
    assertThat(networks.user().network().config()).isEqualTo(new ConfigPlugins.MetaConfig(8));
    assertThat(networks.scenario().layers()).containsExactly(4);
  }

  private static final String SHORT =
      """
      dataset: { name: movies, path: ., split: { by: given } }
      knowledge: { prompts: llm4msr, encoder: hash }
      model:
        backbone: mmoe
        fusion: hierarchical
      """;

  @Test
  void aPluginInShortFormKeepsItsNameUnderAnOverride() throws IOException {
    Files.writeString(folder.resolve("short.yaml"), SHORT);

    LoadedConfig loaded =
        loadCopied(
            "short.yaml",
            "model.backbone.experts=8",
            "knowledge.encoder={dimension: 32}",
            "model.metaNetworks.user=mlp",
            "model.metaNetworks.user.layers=[4]");

    assertThat(loaded.config().model().backbone().name()).isEqualTo("mmoe");
    assertThat(loaded.effective().values().toString()).contains("experts=8");
    assertThat(loaded.effective().origins().get("model.backbone.name"))
        .hasToString("short.yaml:4:13");
    assertThat(loaded.config().knowledge().encoder().config())
        .isEqualTo(new ConfigPlugins.EncoderConfig(32, null));
    assertThat(loaded.config().model().metaNetworks().user().layers()).containsExactly(4);
    LoadedConfig other = loadCopied("short.yaml", "model.backbone.name=flat");
    assertThat(other.config().model().backbone().name()).isEqualTo("flat");
  }

  @Test
  void aPluginInShortFormKeepsItsNameUnderAHigherFile() throws IOException {
    Files.writeString(folder.resolve("short.yaml"), SHORT);
    Files.writeString(
        folder.resolve("child.yaml"),
        """
        extends: short.yaml
        model:
          backbone: { experts: 8 }
          fusion: {}
        """);
    Files.writeString(
        folder.resolve("other.yaml"), "extends: child.yaml\nmodel: { backbone: { name: flat } }\n");

    ModelConfig model = loadCopied("child.yaml").config().model();
    LoadedConfig other = loadCopied("other.yaml");

    assertThat(model.backbone().name()).isEqualTo("mmoe");
    assertThat(model.backbone().config().toString()).contains("experts=8");
    assertThat(model.fusion().name()).isEqualTo("hierarchical");
    assertThat(other.config().model().backbone().name()).isEqualTo("flat");
    assertThat(other.warnings())
        .singleElement()
        .asString()
        .startsWith("model.backbone.experts (child.yaml:3:15) is not a setting");
  }

  @Test
  void aSettingOfAWordOrKeysTakesEither() throws IOException {
    Files.writeString(
        folder.resolve("word.yaml"),
        "dataset: { name: movies, path: ., split: { by: given }, negatives: { pool: earlier } }\n");
    Files.writeString(
        folder.resolve("keys.yaml"),
        "extends: word.yaml\ndataset: { negatives: { pool: { days: 7 } } }\n");

    assertThat(pool(loadCopied("word.yaml"))).isEqualTo(NegativePool.EARLIER);
    assertThat(pool(loadCopied("word.yaml", "dataset.negatives.pool=part")))
        .isEqualTo(NegativePool.PART);
    assertThat(pool(loadCopied("word.yaml", "dataset.negatives.pool.days=3")))
        .as("keys replace the word below them")
        .isEqualTo(NegativePool.near(3));
    LoadedConfig keys = loadCopied("keys.yaml");
    assertThat(pool(keys)).isEqualTo(NegativePool.near(7));
    assertThat(pool(loadCopied("keys.yaml", "dataset.negatives.pool=earlier")))
        .isEqualTo(NegativePool.EARLIER);
    assertThat(keys.effective().yaml()).contains("    pool:\n      days: 7\n");
    Files.writeString(folder.resolve("written.yaml"), keys.effective().yaml());
    assertThat(loadCopied("written.yaml").config()).isEqualTo(keys.config());
  }

  private static NegativePool pool(LoadedConfig loaded) {
    return loaded.config().dataset().negatives().pool();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          erlier;     dataset.negatives.pool = erlier (-Ddataset.negatives.pool): is not one of part, earlier. Did you mean earlier?
          {days: 0};  dataset.negatives.pool.days = 0 (-Ddataset.negatives.pool): must be greater than or equal to 1. Allowed: a whole number, at least 1, at most 36500
          {day: 3};   dataset.negatives.pool.day (-Ddataset.negatives.pool): unknown key. Did you mean days? There are days
          {};         dataset.negatives.pool (-Ddataset.negatives.pool): must be part, earlier, or days: N, for example { days: 30 }
          {rule: part};  dataset.negatives.pool.rule (-Ddataset.negatives.pool): unknown key. There are days
          [part];     dataset.negatives.pool = [part] (-Ddataset.negatives.pool): must be a mapping
          """)
  void aSettingOfAWordOrKeysRefusesTheRest(String value, String problem) throws IOException {
    Files.writeString(
        folder.resolve("word.yaml"), "dataset: { name: movies, path: ., split: { by: given } }\n");

    assertThat(
            catchThrowableOfType(
                MsrException.class,
                () -> loadCopied("word.yaml", "dataset.negatives.pool=" + value)))
        .hasMessageContaining(problem);
  }

  @Test
  void aTextThatGetsKeysWhereNoPluginIsNamedIsRefused() throws IOException {
    Files.writeString(
        folder.resolve("wrong.yaml"), "dataset: { name: movies, path: ., split: given }\n");

    for (String override : List.of("dataset.split.by=given", "dataset.split={by: given}")) {
      assertThat(catchThrowableOfType(MsrException.class, () -> loadCopied("wrong.yaml", override)))
          .hasMessageContaining("wrong.yaml has a problem:")
          .hasMessageContaining("split = given (wrong.yaml:1:42): must be a mapping");
    }
  }

  @Test
  void formerNamesOfABaseStayUnderAFileThatNamesTheSamePlugin() throws IOException {
    copy("good.yaml");
    Files.writeString(
        folder.resolve("child.yaml"),
        "extends: good.yaml\nmodel: { backbone: { name: mmoe, heads: 4 } }\n");

    LoadedConfig loaded = loadCopied("child.yaml");

    assertThat(loaded.config().model().backbone().config().toString())
        .contains("experts=8", "heads=4");
    assertThat(loaded.warnings()).singleElement().asString().contains("is now called");
    loaded = loadCopied("child.yaml", "model.backbone.experts=3");
    assertThat(loaded.config().model().backbone().config().toString()).contains("experts=3");
  }

  /** Settings that nobody may see. */
  public record Secrets(
      @Setting(value = "Keys", secret = true) List<Integer> keys,
      @Setting(value = "By place", secret = true) Map<String, String> places) {}

  @Test
  void aSecretOfTheWrongFormIsNotShown() {
    assertThat(
            catchThrowableOfType(
                MsrException.class,
                () ->
                    loader.bind(
                        ConfigPlugins.EncoderConfig.class, List.of("token=[sk-live-123]"), "test")))
        .hasMessageContaining("token = *** (-Dtoken): must be text")
        .hasMessageNotContaining("sk-live");
    for (String key : List.of("sk-live", "[sk-live]", "{a: sk-live}", "[[sk-live]]")) {
      assertThat(
              catchThrowableOfType(
                  MsrException.class,
                  () ->
                      loader.bind(Secrets.class, List.of("keys=" + key, "places=sk-live"), "test")))
          .hasMessageContaining("(-Dkeys): must be ")
          .hasMessageContaining("places = *** (-Dplaces): must be a mapping")
          .hasMessageNotContaining("sk-live");
    }
  }

  public record ServiceConfig(
      @Setting(value = "A key", secret = true) @NotBlank String token,
      @Setting(value = "K", defaultValue = "64") int dimension) {}

  @Plugin(name = "service", description = "Needs a key")
  public static final class Service implements KnowledgeEncoderFactory<ServiceConfig> {
    @Override
    public Class<ServiceConfig> configType() {
      return ServiceConfig.class;
    }

    @Override
    public KnowledgeEncoder create(ServiceConfig config, EncoderContext context) {
      throw new UnsupportedOperationException("a configuration test creates nothing");
    }
  }

  @Test
  void whatARunStoredReadsBackWithoutItsSecrets() throws IOException {
    loader =
        ConfigLoader.standard(
            TestPlugins.registry(
                folder, Service.class, ConfigPlugins.Reader.class, ConfigPlugins.Prompts.class));
    String yaml =
        """
        dataset: { name: movies, path: ., split: { by: given } }
        knowledge: { encoder: { name: service, token: sk-live, dimension: 8 } }
        """;
    Files.writeString(folder.resolve("service.yaml"), yaml);
    Path stored = folder.resolve("stored.yaml");
    Files.writeString(stored, loadCopied("service.yaml").effective().yaml());

    assertThat(stored).content().doesNotContain("sk-live");
    assertThat(loader.loadStored(stored).config().knowledge().encoder().config())
        .isEqualTo(new ServiceConfig(null, 8));
    assertThat(catchThrowableOfType(MsrException.class, () -> loadCopied("stored.yaml")))
        .hasMessageContaining("knowledge.encoder.token")
        .hasMessageContaining("is required but missing");
  }

  @Test
  void theEffectiveConfigurationReadsBackAsItself() throws IOException {
    LoadedConfig first = load("good.yaml");
    Files.writeString(folder.resolve("effective.yaml"), first.effective().yaml(true));

    LoadedConfig second = loadCopied("effective.yaml");

    assertThat(second.config().training()).isEqualTo(first.config().training());
    assertThat(second.effective().yaml())
        .isEqualTo(first.effective().yaml().replaceFirst(" +# token.*\n", ""));
    assertThat(first.effective().yaml(true)).isEqualTo(resource("good.effective.yaml"));
  }

  @Test
  void aMissingFileIsSaidPlainly() {
    assertThat(
            catchThrowableOfType(
                MsrException.class, () -> loader.load(Path.of("nowhere.yaml"), List.of())))
        .hasMessage(
            "[config/NOT_FOUND] There is no configuration file nowhere.yaml. Give an existing"
                + " YAML file.");
  }

  @Test
  void aMissingBaseNamesTheFileThatExtendsIt() throws IOException {
    Files.writeString(folder.resolve("mine.yaml"), "workspace: w\nextends: gone.yaml\n");
    assertThat(catchThrowableOfType(MsrException.class, () -> loadCopied("mine.yaml")))
        .hasMessage(
            "[config/NOT_FOUND] There is no configuration file gone.yaml. mine.yaml:2:10 extends"
                + " it. Give an existing YAML file.");
  }

  private LoadedConfig load(String name, String... overrides) throws IOException {
    copy(name);
    return loadCopied(name, overrides);
  }

  /** Error texts name files as the user does, so the folder of the test must not stand in them. */
  private LoadedConfig loadCopied(String name, String... overrides) {
    try {
      return plain(loader.load(folder.resolve(name), List.of(overrides)));
    } catch (MsrException e) {
      String message = e.getMessage().substring(e.code().length() + 3);
      throw new MsrException(e.type(), e.code(), message.replace(folder + "/", ""));
    }
  }

  private LoadedConfig plain(LoadedConfig loaded) {
    List<String> warnings =
        loaded.warnings().stream().map(warning -> warning.replace(folder + "/", "")).toList();
    java.util.Map<String, Origin> origins = new java.util.LinkedHashMap<>();
    loaded
        .effective()
        .origins()
        .forEach(
            (key, at) ->
                origins.put(
                    key,
                    new Origin(
                        at.layer(),
                        at.source().replace(folder + "/", ""),
                        at.line(),
                        at.column())));
    return new LoadedConfig(
        loaded.config(),
        loaded.file(),
        new EffectiveConfig(loaded.effective().values(), origins),
        warnings);
  }

  private void copy(String name) throws IOException {
    Files.writeString(folder.resolve(name), resource(name));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ConfigLoaderTest.class.getResourceAsStream(name)) {
      assertThat(in).as(name).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}

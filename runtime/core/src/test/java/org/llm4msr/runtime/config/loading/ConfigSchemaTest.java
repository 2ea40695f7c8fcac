package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The schema is read by an implementation of JSON Schema that is not ours. */
class ConfigSchemaTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private JsonNode tree;
  private JsonSchema schema;

  @BeforeEach
  void makeSchema() {
    tree =
        JSON.valueToTree(ConfigSchema.of(ConfigPlugins.registry(folder), ExperimentConfig.class));
    schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(tree);
  }

  @Test
  void acceptsWhatTheLoaderAccepts() throws IOException {
    assertThat(
            problems(resource("good.yaml").replace("Learned", "learned").replace("TANH", "tanh")))
        .isEmpty();
    assertThat(problems(resource("good.effective.yaml"))).isEmpty();
  }

  @Test
  void aFileThatExtendsAnotherMayBeAPart() {
    assertThat(problems("extends: base.yaml\nmodel: {embeddingSize: 8, backbone: {experts: 3}}"))
        .isEmpty();
    assertThat(problems("extends: base.yaml\nmodel: {embeddingSize: 0}")).isNotEmpty();
    assertThat(problems("model: {embeddingSize: 8}")).isNotEmpty();
  }

  @Test
  void onlyAPluginWithoutADefaultNeedsItsName() {
    String data = "dataset: {name: movies, path: ., split: {by: given}}\n";
    assertThat(
            problems(
                data
                    + "model: {backbone: mmoe, metaNetworks: {user: {generatorHidden: 8},"
                    + " scenario: {layers: [4]}}}"))
        .isEmpty();
    assertThat(problems(data + "model: {backbone: {experts: 3}}")).isNotEmpty();
  }

  @Test
  void aWrongNameOrKeyOfAPluginFailsWhereItStands() {
    String data = "dataset: {name: movies, path: ., split: {by: given}}\n";
    for (String file : List.of(data, "extends: base.yaml\n")) {
      assertThat(texts(file + "model: {backbone: {name: mmo, experts: 3}}"))
          .containsExactly(
              "$.model.backbone.name: does not have a value in the enumeration [\"flat\","
                  + " \"mmoe\"]");
      assertThat(texts(file + "model: {backbone: mmo}"))
          .containsExactly(
              "$.model.backbone: does not have a value in the enumeration [\"flat\", \"mmoe\"]");
      assertThat(texts(file + "model: {backbone: {name: mmoe, expert: 3}}"))
          .singleElement()
          .asString()
          .startsWith("$.model.backbone: property 'expert' is not defined in the schema");
      assertThat(texts(file + "model: {backbone: [mmoe]}"))
          .contains("$.model.backbone: array found, [string, object] expected");
    }
  }

  private List<String> texts(String yaml) {
    return problems(yaml).stream().map(ValidationMessage::getMessage).toList();
  }

  @Test
  void aSettingOfAWordOrKeysIsEither() {
    String data = "dataset: {name: movies, path: ., negatives: {pool: %s}}\n";
    for (String pool : Set.of("part", "earlier", "{days: 3}", "~")) {
      assertThat(problems(data.formatted(pool))).as(pool).isEmpty();
    }
    for (String pool : Set.of("days", "{}", "{days: 0}", "{rule: part}", "[part]")) {
      assertThat(problems(data.formatted(pool))).as(pool).isNotEmpty();
    }
  }

  @Test
  void aKeyWithoutAValueIsOneThatIsNotSet() {
    String data = "dataset: {name: movies, path: ., split: {by: given}}\n";
    assertThat(
            problems(
                data
                    + "model: {backbone: mmoe, embeddingSize: , metaNetworks: {user: }}\n"
                    + "training: {optimizer: {name: }, seed: ~}\nruntime:\n"))
        .isEmpty();
    assertThat(problems(data + "model: {backbone: }")).isNotEmpty();
    assertThat(problems("dataset:")).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"many-problems", "missing-keys", "unknown-plugin", "wrong-enum", "secret"})
  void refusesWhatTheLoaderRefuses(String name) throws IOException {
    assertThat(problems(resource(name + ".yaml"))).isNotEmpty();
  }

  @Test
  void saysWhatTheRecordsSay() {
    JsonNode training = tree.at("/else/properties/training/properties");
    assertThat(training.at("/batchSize").toString())
        .isEqualTo(
            "{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":1048576,\"description\":\"B,"
                + " rows per step\",\"default\":1024}");
    assertThat(training.at("/optimizer/properties/beta2/exclusiveMaximum").decimalValue())
        .isEqualByComparingTo("1.0");
    JsonNode backbone = tree.at("/else/properties/model/properties/backbone");
    assertThat(backbone.at("/else/properties/name/enum").toString())
        .isEqualTo("[\"flat\",\"mmoe\"]");
    assertThat(backbone.at("/else/properties/name/description").asText())
        .isEqualTo("flat: A backbone without hidden\nmmoe: Test MMoE");
    assertThat(tree.at("/else/required").toString()).isEqualTo("[\"dataset\"]");
  }

  private Set<ValidationMessage> problems(String yaml) {
    Object value = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
    return schema.validate(JSON.valueToTree(value));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ConfigSchemaTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }
  }
}

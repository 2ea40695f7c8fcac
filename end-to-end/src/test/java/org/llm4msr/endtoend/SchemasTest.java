package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.compare.ComparisonConfig;
import org.llm4msr.runtime.compare.TuningConfig;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.loading.ConfigSchema;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The schemas of {@code config schema} and the files of this repository, with all plugins. */
class SchemasTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final PluginRegistry PLUGINS = PluginRegistry.load();

  @Test
  void filesOfTheRepositoryAreRight() throws IOException {
    Map<Class<?>, JsonSchema> schemas =
        Map.of(
            ExperimentConfig.class, schema(ExperimentConfig.class),
            ComparisonConfig.class, schema(ComparisonConfig.class),
            TuningConfig.class, schema(TuningConfig.class));
    Map<Class<?>, Integer> files = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    try (Stream<Path> paths = Files.walk(Path.of(System.getProperty("llm4msr.root"), "examples"))) {
      for (Path file : paths.filter(path -> path.toString().endsWith(".yaml")).toList()) {
        Class<?> kind = kind(file);
        files.merge(kind, 1, Integer::sum);
        if (schemas.containsKey(kind)) {
          schemas
              .get(kind)
              .validate(json(Files.readString(file)))
              .forEach(problem -> wrong.add(file + ": " + problem));
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(files.get(ExperimentConfig.class)).isGreaterThan(30);
    assertThat(files.get(ComparisonConfig.class)).isGreaterThan(15);
    assertThat(files.get(TuningConfig.class)).isGreaterThan(5);
  }

  /** Returns the record for which a file, or the one that it extends, has keys. */
  private static Class<?> kind(Path file) throws IOException {
    JsonNode content = json(Files.readString(file));
    if (content.has("experiments")) {
      return ComparisonConfig.class;
    }
    if (content.has("space")) {
      return TuningConfig.class;
    }
    if (content.has("dataset")) {
      return ExperimentConfig.class;
    }
    JsonNode base = content.path("extends");
    String first = base.isArray() ? base.path(0).asText() : base.asText();
    return first.isEmpty() ? Object.class : kind(file.resolveSibling(first).normalize());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          {};                                    $: required property 'experiments' not found
          {experiments: []};                     $.experiments: must have at least 1 items but found 0
          {experiments: [a.yaml, a.yaml]};       $.experiments: must have only unique items in the array
          {experiments: [a.yaml], seeds: [x]};   $.seeds[0]: string found, integer expected
          {experiments: [a.yaml], fusion: []};   $: property 'fusion' is not defined in the schema and the schema does not allow additional properties
          {experiments: [a.yaml], grid: {a: 3}}; $.grid.a: integer found, array expected
          """)
  void aWrongComparisonIsTold(String yaml, String problem) {
    assertThat(schema(ComparisonConfig.class).validate(json(yaml)))
        .extracting(ValidationMessage::getMessage)
        .containsExactly(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          {space: {a: {values: [1]}}};                               $: required property 'experiment' not found
          {experiment: e.yaml, space: {}};                           $.space: must have at least 1 properties
          {experiment: e.yaml, space: {a: {form: 1}}};               $.space.a: property 'form' is not defined in the schema and the schema does not allow additional properties
          {experiment: e.yaml, space: {a: {from: 1}}, trials: 0};    $.trials: must have a minimum value of 1
          {experiment: e.yaml, space: {a: {from: 1}}, strategy: all}; $.strategy: does not have a value in the enumeration ["random", "halving", null]
          """)
  void aWrongSearchIsTold(String yaml, String problem) {
    assertThat(schema(TuningConfig.class).validate(json(yaml)))
        .extracting(ValidationMessage::getMessage)
        .containsExactly(problem);
  }

  private static JsonSchema schema(Class<? extends Record> type) {
    JsonNode schema = JSON.valueToTree(ConfigSchema.of(PLUGINS, type));
    return JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(schema);
  }

  private static JsonNode json(String yaml) {
    Object content = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
    return JSON.valueToTree(content);
  }
}

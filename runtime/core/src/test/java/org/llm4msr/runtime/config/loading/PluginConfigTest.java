package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.validation.Valid;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.PromptsConfig;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.plugins.TestFactory;

/** Settings of a plugin that has a class loader, and constraints, of its own. */
class PluginConfigTest {

  private static final String EVEN =
      """
      package plug;
      import jakarta.validation.*;
      import java.lang.annotation.*;
      @Constraint(validatedBy = Even.Check.class)
      @Retention(RetentionPolicy.RUNTIME)
      @Target({ElementType.FIELD, ElementType.PARAMETER})
      public @interface Even {
        String message() default "{plug.even}";
        Class<?>[] groups() default {};
        Class<? extends Payload>[] payload() default {};
        class Check implements ConstraintValidator<Even, Integer> {
          public boolean isValid(Integer x, ConstraintValidatorContext c) { return x % 2 == 0; }
        }
      }
      """;

  @TempDir Path folder;
  private PluginRegistry plugins;
  private ConfigLoader loader;

  @BeforeEach
  void makePlugin() {
    TestFactory.named("Own", "own")
        .config(
            "@Setting(value = \"A number\", defaultValue = \"2\", operational = true) @Even int x,"
                + " @jakarta.validation.constraints.Max(9) int y")
        .jar(folder.resolve("own/own.jar"))
        .source("plug.Even", EVEN)
        .entry("ValidationMessages.properties", "plug.even=must be even\n")
        .build();
    plugins = PluginRegistry.load(getClass().getClassLoader(), List.of(folder));
    loader = ConfigLoader.standard(plugins);
  }

  @Test
  void itsOwnConstraintsAndTextsCount() {
    Class<? extends Record> type = plugins.factory(PluginKind.PROMPT_BUILDER, "own").configType();

    assertThat(loader.bind(type, List.of("y=1"), "test").toString()).isEqualTo("Config[x=2, y=1]");
    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> loader.bind(type, List.of("x=3", "y=12"), "test"));
    assertThat(error)
        .hasMessageContaining("x = 3 (-Dx): must be even")
        .hasMessageContaining("y = 12 (-Dy): must be less than or equal to 9");
  }

  private record Files(Path file, List<Path> more, Map<String, String> titles) {}

  @Test
  void aPathIsToldFromOtherText() {
    assertThat(PluginDescription.rows(Files.class))
        .extracting(PluginDescription.Row::legal)
        .containsExactly("a path", "a list, each a path", "a mapping, each value text");
  }

  @Test
  void theSchemaOfEditorsHasItsKeys() {
    String schema =
        new ObjectMapper().valueToTree(ConfigSchema.of(plugins, ExperimentConfig.class)).toString();

    assertThat(schema).contains("\"own\"").contains("A number").contains("\"maximum\":9");
  }

  @Test
  void theSchemaOfEditorsHasDefaultsOfTheirType() {
    TestFactory.named("Mapped", "mapped")
        .config(
            "@Setting(value = \"Weights\", defaultValue = \"{a: 1, b: 2}\")"
                + " java.util.Map<String, Integer> weights")
        .jar(folder.resolve("mapped/mapped.jar"))
        .build();
    plugins = PluginRegistry.load(getClass().getClassLoader(), List.of(folder));

    String schema =
        new ObjectMapper().valueToTree(ConfigSchema.of(plugins, ExperimentConfig.class)).toString();

    assertThat(schema).contains("\"default\":{\"a\":1,\"b\":2}");
  }

  @Test
  void describingItShowsItsKeys() {
    PluginDescription own =
        PluginDescription.of(plugins, loader, plugins.describe(PluginKind.PROMPT_BUILDER, "own"));

    assertThat(own.settings()).extracting(PluginDescription.Row::key).containsExactly("x", "y");
    assertThat(own.settings().get(0).defaultValue()).isEqualTo("2");
    assertThat(own.settings())
        .extracting(PluginDescription.Row::meaning)
        .containsExactly("A number (operational)", "");
  }

  @Test
  void aRuleOfTwoKeysHasThePlaceOfTheirPlugin() {
    TestFactory.named("Pair", "pair")
        .config(
            "@Setting(value = \"Low\", defaultValue = \"1\") int low, @Setting(value = \"High\","
                + " defaultValue = \"0\") int high) {"
                + " @jakarta.validation.constraints.AssertTrue(message = \"low must not be above"
                + " high\") public boolean isOrdered() { return low <= high; } } record Unused(")
        .jar(folder.resolve("pair/pair.jar"))
        .build();
    loader =
        ConfigLoader.standard(PluginRegistry.load(getClass().getClassLoader(), List.of(folder)));

    assertThat(refusal("pair"))
        .hasMessageContaining("builder (-Dbuilder): low must not be above high");
  }

  @Test
  void settingsThatNobodyCouldSetAreTold() {
    TestFactory.named("Odd", "odd")
        .config(
            "@Setting(value = \"Hidden\", defaultValue = \"1\") int leakFutureInteractions,"
                + " @Setting(value = \"Name\", defaultValue = \"x\") String name")
        .jar(folder.resolve("odd/odd.jar"))
        .build();
    TestFactory.named("Late", "late")
        .config("@Setting(value = \"Time\", defaultValue = \"PT1S\") java.time.Duration pause")
        .jar(folder.resolve("late/late.jar"))
        .build();
    loader =
        ConfigLoader.standard(PluginRegistry.load(getClass().getClassLoader(), List.of(folder)));

    assertThat(refusal("odd"))
        .hasMessageContaining(
            "builder.name = odd (-Dbuilder): has settings [leakFutureInteractions, name], which the"
                + " runtime reads itself");
    assertThat(refusal("late"))
        .hasMessageContaining(
            "builder.pause = PT1S (default): cannot be set: its type in the plugin's code,"
                + " java.time.Duration, is not one that settings can have");
  }

  record Holder(@Valid PromptsConfig builder) {}

  private MsrException refusal(String name) {
    return catchThrowableOfType(
        MsrException.class,
        () -> loader.bind(Holder.class, List.of("builder={name: " + name + "}"), "test"));
  }
}

package org.llm4msr.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.MetaNetwork;

class ApiShapeTest {

  private static final Path CLASSES = classes();

  private static Path classes() {
    try {
      return Path.of(Plugin.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Class<?>> publicTypes() throws IOException {
    try (Stream<Path> files = Files.walk(CLASSES)) {
      return files
          .map(file -> CLASSES.relativize(file).toString())
          .filter(file -> file.endsWith(".class") && !file.contains("$"))
          .filter(file -> !file.contains("-info"))
          .<Class<?>>map(ApiShapeTest::load)
          .filter(type -> Modifier.isPublic(type.getModifiers()))
          .toList();
    }
  }

  private static Class<?> load(String file) {
    try {
      return Class.forName(file.replace(".class", "").replace('/', '.'));
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void everyPublicTypeStatesItsStability() throws IOException {
    assertThat(publicTypes())
        .hasSizeGreaterThan(50)
        .allSatisfy(
            type -> assertThat(type.getAnnotation(Stability.class)).as(type.getName()).isNotNull());
  }

  @Test
  void aFactoryHasAtMostThreeMethodsToWrite() throws IOException {
    List<Class<?>> factories =
        publicTypes().stream().filter(PluginFactory.class::isAssignableFrom).toList();

    assertThat(factories)
        .hasSize(9)
        .allSatisfy(type -> assertThat(methodsToWrite(type)).as(type.getName()).isBetween(1L, 3L));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        Backbone.class,
        FusionHead.class,
        MetaNetwork.class,
        DatasetReader.class,
        DatasetGenerator.class,
        ScenarioPromptBuilder.class,
        KnowledgeEncoder.class
      })
  void aProductHasAtMostFiveMethodsToWrite(Class<?> product) {
    assertThat(methodsToWrite(product)).isBetween(1L, 5L);
  }

  private static long methodsToWrite(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> Modifier.isAbstract(method.getModifiers()))
        .count();
  }

  @Test
  void noTypeNamesAnEngineOrTheRuntime() throws IOException {
    try (Stream<Path> files = Files.walk(CLASSES)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        // The constants of a class file contain the names of other types as plain text.
        assertThat(Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain(
                "com/google/common",
                "com/google/inject",
                "org/llm4msr/runtime",
                "org/llm4msr/plugins",
                "ai/djl/pytorch",
                "ai/djl/mxnet");
      }
    }
  }
}

package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;

class InContextTest {

  static Stream<Arguments> wrapped() {
    return Stream.of(
        Arguments.of(DatasetReader.class, InContext.of(nothing(DatasetReader.class))),
        Arguments.of(KnowledgeEncoder.class, InContext.of(nothing(KnowledgeEncoder.class))),
        Arguments.of(
            ScenarioPromptBuilder.class, InContext.of(nothing(ScenarioPromptBuilder.class))));
  }

  private static <T> T nothing(Class<T> kind) {
    return kind.cast(
        Proxy.newProxyInstance(
            kind.getClassLoader(), new Class<?>[] {kind}, (proxy, method, arguments) -> null));
  }

  /** A default method that is not handed on would run in place of the plugin's. */
  @ParameterizedTest
  @MethodSource("wrapped")
  void everyMethodIsHandedOn(Class<?> kind, Object wrapper) {
    List<String> handedOn =
        Arrays.stream(wrapper.getClass().getDeclaredMethods()).map(InContextTest::form).toList();

    assertThat(handedOn)
        .containsAll(
            Arrays.stream(kind.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .map(InContextTest::form)
                .toList());
  }

  private static String form(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }
}

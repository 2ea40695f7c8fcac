package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.UserHistory;

/** What a plugin throws is told with its own frames, however it is wrapped. */
class PluginFaultsTest {

  @TempDir Path root;

  @Test
  void whatIsThrownNamesFolderFramesAndCauses() {
    Throwable thrown =
        thrown(
            """
            static String fail() {
              return java.util.Optional.of("").map(any -> {
                try {
                  boom();
                  return any;
                } catch (IllegalStateException e) {
                  throw new IllegalArgumentException("no text", e);
                }
              }).get();
            }
            """);

    assertThat(thrown.getStackTrace()).anyMatch(frame -> "java.base".equals(frame.getModuleName()));
    MsrException fault =
        PluginFaults.fault(new ExecutionException(new RuntimeException(thrown))).orElseThrow();

    assertThat(fault.type()).isEqualTo(ErrorType.PLUGIN);
    assertThat(fault.getMessage().lines().map(line -> line.replaceFirst("(\\$\\d+)?\\(.*", "")))
        .containsExactly(
            "[plugin/FAULT] Code of the plugin folder mine threw"
                + " java.lang.IllegalArgumentException: no text, caused by"
                + " java.lang.IllegalStateException: boom",
            "  at plug.Failing.lambda$fail",
            "  at plug.Failing.fail",
            "  at plug.Failing$1.template",
            "  at org.llm4msr.runtime.plugins.PluginFaultsTest.lambda$thrown",
            "Mend it there, or report it to its author; --debug shows the whole stack.");
    assertThat(fault).hasRootCause(thrown.getCause());
  }

  @Test
  void thePlacesInPyTorchAreLeftOut() {
    Throwable thrown =
        thrown(
            """
            static String fail() {
              throw new ai.djl.engine.EngineException(
                  "The size of tensor a (3) must match\\nException raised from infer at x.cpp:35\\nframe #0: a");
            }
            """);

    assertThat(PluginFaults.fault(thrown))
        .hasValueSatisfying(
            fault ->
                assertThat(fault.text())
                    .contains("EngineException: The size of tensor a (3) must match\n  at plug.")
                    .doesNotContain("frame #0"));
  }

  @Test
  void otherErrorsAreLeftAlone() {
    assertThat(PluginFaults.fault(new IllegalStateException("ours"))).isEmpty();
  }

  @Test
  void whatAPromptIsAboutIsTold() {
    ScenarioPromptBuilder failing =
        builder("static String fail() { return java.util.List.of(\"\").get(1); }");
    ScenarioPromptBuilder prompts =
        (ScenarioPromptBuilder)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ScenarioPromptBuilder.class},
                (proxy, method, arguments) -> failing.template());

    assertThatThrownBy(
            () ->
                ContextWrappers.of(new PluginCall("The prompt builder 'failing'"), prompts)
                    .userPrompt(new UserHistory("u7", "", List.of())))
        .hasMessageStartingWith("[plugin/FAULT] Code of the plugin folder mine threw")
        .hasMessageEndingWith("\nIt was about the user 'u7'.");
  }

  /** Returns what a plugin's method {@code fail} throws in a call of its product. */
  private Throwable thrown(String fail) {
    ScenarioPromptBuilder failing = builder(fail);
    return catchThrowable(() -> failing.template());
  }

  private ScenarioPromptBuilder builder(String fail) {
    TestFactory.named("Failing", "failing")
        .member(fail)
        .template("fail()")
        .jar(root.resolve("mine/p.jar"))
        .build();
    PromptBuilderFactory<?> factory =
        PluginRegistry.load(new ClassLoader(getClass().getClassLoader()) {}, List.of(root))
            .factory(PromptBuilderFactory.class, "failing");
    return factory.create(null, () -> Path.of(""));
  }
}

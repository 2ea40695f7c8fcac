package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.PluginRegistry;

class ErrorsTest {

  private static final Supplier<PluginRegistry> NONE = () -> PluginRegistry.load(List.of());

  private static MsrException explained(Throwable error) {
    return Errors.explain(error, NONE, "Worker 2 of 4");
  }

  @Test
  void codeThatDoesNotFitIsAFaultOfItsPlugin() {
    MsrException error = explained(new NoSuchMethodError("'void com.example.Gate.open()'"));

    assertThat(error.type()).isEqualTo(ErrorType.PLUGIN);
    assertThat(error).hasMessageContaining("com.example.Gate.open()");
  }

  @Test
  void codeThatDoesNotFitIsPassedOnWithWhereItFailed() {
    NoClassDefFoundError error = new NoClassDefFoundError("com/example/Gate");

    assertThatThrownBy(
            () ->
                Errors.passOn(
                    NONE,
                    () -> {
                      throw error;
                    }))
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("[plugin/MISSING_CLASS] Code of the class path cannot be used")
        .hasMessageContaining("the class com.example.Gate is missing")
        .satisfies(passed -> assertThat(passed.getStackTrace()).isEqualTo(error.getStackTrace()));
  }

  @Test
  void errorsThatNobodyKnowsArePassedOnAsTheyAre() {
    AssertionError error = new AssertionError("no gate");

    assertThatThrownBy(
            () ->
                Errors.passOn(
                    NONE,
                    () -> {
                      throw error;
                    }))
        .isSameAs(error);
  }

  /** A node's memory is that of its executor. */
  @Test
  void memoryThatRanOutIsNamedWithTheSettingOfTheNode() {
    OutOfMemoryError heap = new OutOfMemoryError("Java heap space");

    assertThat(explained(heap).type()).isEqualTo(ErrorType.RESOURCES);
    assertThat(explained(heap))
        .hasMessageContaining("[memory/HEAP]")
        .hasMessageContaining("Raise spark.executor.memory,")
        .hasMessageNotContaining("LLM4MSR_JAVA_OPTS");
    assertThatThrownBy(
            () ->
                Errors.passOn(
                    NONE,
                    () -> {
                      throw new OutOfMemoryError("Cannot reserve direct buffer memory");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("[memory/DIRECT]")
        .hasMessageContaining("spark.executor.memoryOverhead");
  }

  /** They are loaded for errors of their code alone: what loads them may be gone. */
  @Test
  void pluginsAreLoadedForErrorsOfTheirCodeAlone() {
    MsrException known = new MsrException(ErrorType.USER, "data/BAD_VALUE", "Fix it.");

    assertThat(
            Errors.explain(
                known,
                () -> {
                  throw new AssertionError("loaded");
                },
                "Worker 1 of 2"))
        .isSameAs(known);
  }

  @Test
  void whatIsKnownStays() {
    MsrException known = new MsrException(ErrorType.USER, "data/BAD_VALUE", "Fix it.");

    assertThat(explained(known)).isSameAs(known);
  }

  @Test
  void whatNobodyKnowsIsNamedWithTheWayOut() {
    IllegalStateException unknown = new IllegalStateException("no gate");

    assertThat(explained(unknown))
        .hasMessage(
            "[training/FAILED] Worker 2 of 4 failed with java.lang.IllegalStateException: no gate. The log of its executor has where. Mend that and run the command again, without --force: it goes on from the last checkpoint.")
        .hasCause(unknown);
  }
}

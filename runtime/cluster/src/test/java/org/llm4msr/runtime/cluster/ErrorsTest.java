package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.PluginRegistry;

class ErrorsTest {

  private static MsrException explained(Throwable error) {
    return Errors.explain(error, PluginRegistry.load(List.of()));
  }

  @Test
  void codeThatDoesNotFitIsAFaultOfItsPlugin() {
    MsrException error = explained(new NoSuchMethodError("'void com.example.Gate.open()'"));

    assertThat(error.type()).isEqualTo(ErrorType.PLUGIN);
    assertThat(error).hasMessageContaining("com.example.Gate.open()");
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
            "[training/FAILED] Training failed with java.lang.IllegalStateException: no gate. The output of this process has where. Mend that and run the command again; it goes on from the last checkpoint.")
        .hasCause(unknown);
  }
}

package org.llm4msr.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {

  @Test
  void aRepeatedOptionHasSeveralValues() {
    Options options = Options.parse(List.of("--keep", "a", "--in", "--x", "--keep", "b"));

    assertThat(options.all("keep")).containsExactly("a", "b");
    assertThat(options.required("in")).isEqualTo("--x");
    assertThat(options.or("format", "csv")).isEqualTo("csv");
    assertThat(options.optional("out")).isNull();
  }

  @Test
  void whatIsNoOptionIsRefused() {
    assertThatThrownBy(() -> Options.parse(List.of("in", "x")))
        .hasMessageStartingWith("[spark/USAGE] in is no option with a value.");
    assertThatThrownBy(() -> Options.parse(List.of("--in")))
        .hasMessageStartingWith("[spark/USAGE] --in is no option with a value.");
    assertThatThrownBy(() -> Options.parse(List.of()).required("in"))
        .hasMessageStartingWith("[spark/USAGE] --in is missing.");
  }
}

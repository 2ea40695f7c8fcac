package org.llm4msr.runtime.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DataGenerationTest {

  @Test
  void aResultSaysWhetherItsFilesAreNew() {
    assertThat(new DataGeneration.Result(Path.of("raw"), false).text())
        .isEqualTo("raw is written.");
    assertThat(new DataGeneration.Result(Path.of("raw"), true).text())
        .isEqualTo("raw already exists, with the same settings.");
  }
}

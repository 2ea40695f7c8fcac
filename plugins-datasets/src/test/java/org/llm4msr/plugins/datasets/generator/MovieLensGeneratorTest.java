package org.llm4msr.plugins.datasets.generator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.plugins.datasets.Contexts;

class MovieLensGeneratorTest {

  @TempDir Path folder;

  @Test
  void hundredThousandHasItsPublishedColumns() throws IOException {
    new MovieLensGeneratorFactory()
        .create(
            new MovieLensGeneratorConfig("100k", 1_000, 50, 100, 7), Contexts.of(folder, folder))
        .generate(Progress.NONE);
    assertThat(lines("u.data")).hasSize(1_000).allMatch(line -> line.matches("(\\d+\t){3}\\d+"));
    assertThat(lines("u.user"))
        .hasSize(50)
        .allMatch(line -> line.matches("\\d+\\|\\d+\\|[FM]\\|[a-z]+\\|\\d{5}(-2117)?"));
    assertThat(lines("u.item"))
        .hasSize(100)
        .allMatch(
            line ->
                line.matches(
                    "\\d+\\|Café \"[^|]+\", The \\(\\d{4}\\)\\|01-Jan-\\d{4}\\|\\|http://[^|]+(\\|[01]){19}"));
  }

  private List<String> lines(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name), ISO_8859_1);
  }
}

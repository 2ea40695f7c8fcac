package org.llm4msr.plugins.datasets.generator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.plugins.datasets.Contexts;

class MovieLensGeneratorTest {

  @TempDir Path folder;

  @Test
  void hundredThousandHasItsPublishedColumns() throws IOException {
    generate(folder, "100k");
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

  @Test
  void tenMillionHasHalfStarsAndNoUsers() throws IOException {
    generate(folder, "10m");
    assertThat(lines("ratings.dat"))
        .hasSize(1_000)
        .allMatch(line -> line.matches("\\d+::\\d+::([0-4]\\.5|[1-5])::\\d+"))
        .anyMatch(line -> line.contains(".5::"));
    assertThat(Files.readAllLines(folder.resolve("movies.dat"), UTF_8))
        .hasSize(100)
        .allMatch(line -> line.matches("\\d+::Café .+ \\(\\d{4}\\)::[^:]+"));
    assertThat(folder.resolve("users.dat")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"32m", "25m", "20m"})
  void laterReleasesHaveTheFilesOfLatest(String release, @TempDir Path later, @TempDir Path latest)
      throws IOException {
    generate(later, release);
    generate(latest, "latest");
    for (String file : List.of("ratings.csv", "movies.csv")) {
      assertThat(later.resolve(file)).hasSameBinaryContentAs(latest.resolve(file));
    }
  }

  private static void generate(Path folder, String release) throws IOException {
    new MovieLensGeneratorFactory()
        .create(
            new MovieLensGeneratorConfig(release, 1_000, 50, 100, 7), Contexts.of(folder, folder))
        .generate(Progress.NONE);
  }

  private List<String> lines(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name), ISO_8859_1);
  }
}

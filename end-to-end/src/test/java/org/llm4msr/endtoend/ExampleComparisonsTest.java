package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.inject.Guice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.compare.ComparisonConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.RuntimeModule;

/** A gain by knowledge means little without a control: the comparisons of {@code examples}. */
class ExampleComparisonsTest {

  private final ConfigLoader loader =
      Guice.createInjector(new RuntimeModule()).getInstance(ConfigLoader.class);

  @Test
  void thoseOfKnowledgeHaveControls() throws IOException {
    List<Path> files = comparisons();

    assertThat(files).hasSizeGreaterThan(15);
    assertThat(files.stream().filter(this::comparesKnowledge))
        .hasSizeGreaterThan(9)
        .allSatisfy(file -> assertThat(comparison(file).controls()).as("%s", file).isNotEmpty());
  }

  private static List<Path> comparisons() throws IOException {
    Path examples = Path.of(System.getProperty("llm4msr.root"), "examples");
    try (Stream<Path> files = Files.walk(examples)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> text(file).matches("(?s).*(^|\n)(experiments|extends: (levels|paper)).*"))
          .toList();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ComparisonConfig comparison(Path file) {
    return loader.read(ComparisonConfig.class, file);
  }

  private boolean comparesKnowledge(Path file) {
    return comparison(file).experiments().stream()
        .map(file::resolveSibling)
        .anyMatch(experiment -> loader.load(experiment, List.of()).config().readsKnowledge());
  }
}

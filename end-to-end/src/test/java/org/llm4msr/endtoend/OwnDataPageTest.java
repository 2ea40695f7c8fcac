package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page about data sets of one's own shows the files of the example, and its commands work. */
class OwnDataPageTest {

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));
  private static final String EXAMPLE = "examples/configs/books";

  @TempDir Path folder;

  @Test
  void theFilesAreThoseOfTheExample() throws IOException {
    assertThat(blocks("yaml"))
        .containsExactly(text("ratings.yaml"), text("wishes.yaml"), text("visits.yaml"));
    List<String> tables = blocks("csv");
    assertThat(tables).hasSize(4);
    assertThat(text("train.csv")).startsWith(tables.get(0));
    assertThat(text("books.csv")).startsWith(tables.get(1));
    assertThat(text("wishes.csv")).startsWith(tables.get(2));
    assertThat(text("visits.csv")).startsWith(tables.get(3));
  }

  @Test
  void theCommandsTrainModelsThatKnowSomething() throws Exception {
    Path launcher = Checkout.write(folder);
    Path example = Files.createDirectories(folder.resolve(EXAMPLE));
    try (Stream<Path> files = Files.list(ROOT.resolve(EXAMPLE))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, example.resolve(file.getFileName()));
      }
    }
    Path out = folder.resolve("out.txt");
    ProcessBuilder commands =
        new ProcessBuilder("bash", "-e", "-c", String.join("", blocks("sh")))
            .directory(launcher.getParent().toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    commands.environment().put("JAVA_HOME", System.getProperty("java.home"));
    commands.environment().put("LLM4MSR_JAVA_OPTS", Cli.options());

    Process process = commands.start();

    assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ends").isTrue();
    String said = Files.readString(out);
    assertThat(process.exitValue()).as(said).isZero();
    assertThat(said)
        .contains("1,200 training, 250 validation and 250 test rows of 70 users in 3 scenarios")
        .contains("3,000 training, 750 validation and 750 test rows of 70 users in 3 scenarios")
        .doesNotContain("WARN");
    // 0.5 is chance; the best steps reach 0.79 and 0.67.
    assertThat(Pattern.compile("validation AUC ([0-9.]+)").matcher(said).results())
        .extracting(auc -> Double.parseDouble(auc.group(1)))
        .hasSize(2)
        .allMatch(auc -> auc > 0.6);
  }

  private static String text(String file) throws IOException {
    return Files.readString(ROOT.resolve(EXAMPLE).resolve(file));
  }

  /** Returns the blocks of the page in a language. */
  private static List<String> blocks(String language) throws IOException {
    Matcher block =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve("docs/datasets-of-your-own.md")));
    return block.results().map(found -> found.group(1)).toList();
  }
}

package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

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
    Path example = Files.createDirectories(folder.resolve(EXAMPLE));
    try (Stream<Path> files = Files.list(ROOT.resolve(EXAMPLE))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, example.resolve(file.getFileName()));
      }
    }
    StringBuilder said = new StringBuilder();
    for (String line : String.join("", blocks("sh")).lines().toList()) {
      assertThat(line).startsWith("./llm4msr ").contains(" " + EXAMPLE);
      String command = line.replace(EXAMPLE, example.toString()) + " -Druntime.threads=1";
      InProcess.Outcome outcome = InProcess.start(command.split(" ", 2)[1].split(" "));
      assertThat(outcome.code()).as(outcome.err()).isZero();
      assertThat(outcome.err().lines())
          .as("progress without warnings")
          .allMatch(told -> told.matches("(prepare|train|evaluate): .* rows in .*"));
      said.append(outcome.out());
    }

    assertThat(said)
        .contains("1,200 training, 250 validation and 250 test rows of 70 users in 3 scenarios")
        .contains("3,000 training, 750 validation and 750 test rows of 70 users in 3 scenarios");
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

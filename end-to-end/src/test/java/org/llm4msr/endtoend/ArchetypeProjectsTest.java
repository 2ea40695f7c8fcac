package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.cli.InProcess;

/**
 * Projects of the archetype compile, and train as their READMEs say. The archetype's own tests
 * build them and run their tests.
 */
class ArchetypeProjectsTest {

  private static final Path KINDS =
      Path.of(System.getProperty("llm4msr.root"))
          .resolve("archetype/src/main/resources/archetype-resources/kinds");

  private static final String SOURCE = "feature-source";

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("kinds")
  void sourcesAndTestsCompile(String kind) throws Exception {
    List<Path> tests = generated(kind, "test");
    assertThat(tests).isNotEmpty();
    List<Path> sources = sourcesOf(kind);
    sources.addAll(tests);

    PluginSource.install(folder, "my-plugin", sources);

    assertThat(folder.resolve("plugins/my-plugin/my-plugin.jar")).isNotEmptyFile();
  }

  @Test
  void aFeatureSourceIsCheckedWithTheFileOfItsServer() throws Exception {
    PluginSource.install(folder, "my-plugin", sourcesOf(SOURCE));

    InProcess.Outcome outcome =
        InProcess.start(
            "plugins",
            "check",
            folder.resolve("plugins").toString(),
            "--config",
            folder.resolve("server.yaml").toString(),
            "-D",
            "file=" + folder.resolve("users.csv"));

    assertThat(outcome.code()).as(outcome.out()).isZero();
    assertThat(outcome.out())
        .containsPattern("feature source my-plugin +settings +ok +those of .*server.yaml, and -D")
        .contains("created; it answered");
  }

  @ParameterizedTest
  @MethodSource("trained")
  @Tag("slow")
  void theCommandsOfTheReadmeTrainAndEvaluate(String kind) throws Exception {
    PluginSource.install(folder, "my-plugin", sourcesOf(kind));
    addToolkit();
    Path out = folder.resolve("out.txt");
    ProcessBuilder commands =
        new ProcessBuilder("bash", "-e", "-c", commandsOfTheReadme())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    Path launcher = Checkout.write(folder.resolve("checkout"));
    commands.environment().put("LLM4MSR", launcher.getParent().toString());
    commands.environment().put("JAVA_HOME", System.getProperty("java.home"));
    commands.environment().put("LLM4MSR_JAVA_OPTS", Cli.options());

    Process process = commands.start();

    assertThat(process.waitFor(10, TimeUnit.MINUTES)).as("ends").isTrue();
    assertThat(process.exitValue()).as(Files.readString(out)).isZero();
    assertThat(out).content().contains("my-plugin").contains("overall before calibration: AUC ");
  }

  private static List<String> kinds() throws IOException {
    try (Stream<Path> folders = Files.list(KINDS)) {
      return folders.map(kind -> kind.getFileName().toString()).sorted().toList();
    }
  }

  /** A server has what no model trains with. */
  private static List<String> trained() throws IOException {
    return kinds().stream().filter(kind -> !kind.equals(SOURCE)).toList();
  }

  /** Writes the files of a kind as the archetype does, and returns the sources of the plugin. */
  private List<Path> sourcesOf(String kind) throws IOException {
    List<Path> sources = new ArrayList<>();
    if (kind.equals("dataset-generator")) {
      sources.addAll(generated("dataset-reader", "main"));
    }
    generated(kind, "");
    sources.addAll(generated(kind, "main"));
    return sources;
  }

  /** Writes the files of a kind that lie in a part of its folder, and returns them. */
  private List<Path> generated(String kind, String part) throws IOException {
    List<Path> written = new ArrayList<>();
    for (Path template : files(KINDS.resolve(kind).resolve(part))) {
      String text =
          Files.readString(template)
              .replace("${artifactId}", "my-plugin")
              .replace("${className}", "My")
              .replace("${package}", "com.example");
      Path file = folder.resolve(template.getFileName().toString().replace("__className__", "My"));
      written.add(Files.writeString(file, text));
    }
    return written;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  /** The library of model plugins, which their build lays beside their jar. */
  private void addToolkit() throws Exception {
    Class<?> part = Class.forName("org.llm4msr.toolkit.model.Linear");
    Path jar = Path.of(part.getProtectionDomain().getCodeSource().getLocation().toURI());
    Files.copy(jar, folder.resolve("plugins/my-plugin/toolkit.jar"));
  }

  /** Returns the last block of commands, on less data. */
  private String commandsOfTheReadme() throws IOException {
    String readme = Files.readString(folder.resolve("README.md"));
    String commands =
        readme.substring(readme.lastIndexOf("```sh\n") + 6, readme.lastIndexOf("```"));
    assertThat(commands).contains("$LLM4MSR/llm4msr evaluate experiment.yaml");
    return commands.replace("target/plugins", "plugins").replace("50000", "8000");
  }
}

package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive, unpacked where there is Java and nothing else: no Maven, git, compiler, home with
 * unpacked natives, or network.
 */
@Tag("slow")
class ArchiveTest {

  private static final int MINUTES = 60;
  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));

  /** All that the launcher may call. */
  private static final List<String> TOOLS =
      List.of("bash", "cksum", "dirname", "head", "id", "readlink", "sed", "uname");

  /** What is used of the JDK: any JRE has it, and there is no compiler in it. */
  private static final String MODULES = "java.se,jdk.management,jdk.random,jdk.unsupported";

  private static final List<String> NO_NETWORK = List.of("unshare", "--map-root-user", "--net");

  @TempDir static Path folder;
  private static Path unpacked;
  private static Path tools;
  private static Path home;

  @BeforeAll
  static void unpack() throws Exception {
    List<Path> archives = files(ROOT.resolve("dist/target"), "-linux-x86_64.tar.gz");
    assertThat(archives).as("built by mvn -Pfull package; clean first if there are two").hasSize(1);
    assertThat(succeeds(List.of("tar", "-xzf", archives.get(0).toString()))).isTrue();
    unpacked = files(folder, "").get(0);
    home = Files.createDirectory(folder.resolve("home"));
    tools = Files.createDirectory(folder.resolve("tools"));
    for (String tool : TOOLS) {
      Files.createSymbolicLink(tools.resolve(tool), onPath(tool));
    }
    Path java = Path.of(System.getProperty("java.home"), "bin/java");
    Files.createSymbolicLink(tools.resolve("java"), java);
  }

  @Test
  void bringsEachLibraryOnceAndNamesItsLicence() throws IOException {
    List<String> libraries = libraries("lib");
    assertThat(libraries).hasSizeGreaterThan(50).doesNotHaveDuplicates();
    List<String> ofTheCheck = libraries("lib/check");
    assertThat(ofTheCheck).contains("junit-platform-launcher", "assertj-core");

    String licences = Files.readString(unpacked.resolve("licenses/THIRD-PARTY.txt"));
    assertThat(Stream.concat(libraries.stream(), ofTheCheck.stream()))
        .allSatisfy(library -> assertThat(licences).contains(":" + library + ":"));
    assertThat(unpacked.resolve("LICENSE")).exists();
  }

  @Test
  void hasWhatImagesAreMadeOfAndClientsNeed() throws IOException {
    assertThat(copied("serving/Dockerfile")).contains("bin", "lib");
    assertThat(copied("spark/Dockerfile")).contains("lib", "plugins");
    assertThat(unpacked.resolve("serving"))
        .isDirectoryContaining("glob:**/{llm4msr.service,kubernetes.yaml,grafana.json}");
    assertThat(unpacked.resolve("serving/proto/llm4msr/v1/ranking.proto")).exists();
    assertThat(unpacked.resolve("examples/serving/rank.sh")).isExecutable();
    assertThat(unpacked.resolve("examples/spark/chain.sh")).isExecutable();
  }

  /** Returns what an image takes, which must be there. */
  private static List<String> copied(String dockerfile) throws IOException {
    List<String> copied =
        Pattern.compile("(?m)^COPY (.*) \\S+$")
            .matcher(Files.readString(unpacked.resolve(dockerfile)))
            .results()
            .flatMap(match -> Stream.of(match.group(1).split(" ")))
            .toList();
    assertThat(copied).allSatisfy(path -> assertThat(unpacked.resolve(path)).exists());
    return copied;
  }

  /** Returns the names of the jars in a folder that are not ours. */
  private static List<String> libraries(String place) throws IOException {
    return files(unpacked.resolve(place), ".jar").stream()
        .map(jar -> jar.getFileName().toString())
        .filter(jar -> !jar.startsWith("llm4msr-"))
        .map(jar -> jar.replaceFirst("-\\d.*", ""))
        .toList();
  }

  /** That of llama.cpp cannot be created: it needs the file of a model. */
  @Test
  void checksAPluginFolder() throws Exception {
    assertThat(runTo(1, "plugins", "check", unpacked.resolve("plugins").toString()))
        .containsPattern("llama-cpp +- +linkage +ok")
        .containsOnlyOnce("\n[")
        .contains("[config/INVALID] llama-cpp, knowledge encoder llama-cpp settings");
  }

  @Test
  void helpsAndHasEveryPluginOfTheReadme() throws Exception {
    assertThat(run("--help")).contains("quickstart", "plugins");

    JsonNode plugins = new ObjectMapper().readTree(run("plugins", "list", "--strict", "--json"));
    String table = readme("(?s)## What is included(.*?)\n## ").group(1);
    List<String> named =
        Pattern.compile("`([a-z0-9-]+)`")
            .matcher(table)
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(named).contains("llama-cpp").hasSizeGreaterThan(30);
    assertThat(plugins.path("plugins").findValuesAsText("name")).containsAll(named);
  }

  @Test
  void theQuickstartGivesTheFiguresOfTheReadme() throws Exception {
    JsonNode overall = new ObjectMapper().readTree(run("quickstart", "--json")).path("overall");

    MatchResult figures = readme("overall +50,000 +([0-9.]+) +([0-9.]+) +([0-9.]+) ");
    double plain = overall.path("plainAuc").doubleValue();
    double allLevels = overall.path("allLevelsAuc").doubleValue();
    assertThat(plain).isCloseTo(Double.parseDouble(figures.group(1)), within(.002));
    assertThat(overall.path("enhancedAuc").doubleValue())
        .isCloseTo(Double.parseDouble(figures.group(2)), within(.002));
    assertThat(allLevels).isCloseTo(Double.parseDouble(figures.group(3)), within(.002));
    assertThat(allLevels)
        .as("more than half of the distance from plain to Bayes")
        .isGreaterThan((plain + overall.path("bayesAuc").doubleValue()) / 2);
    assertThat(home.resolve(".djl.ai/pytorch")).isNotEmptyDirectory();
  }

  private static MatchResult readme(String pattern) throws IOException {
    String text = Files.readString(unpacked.resolve("README.md"));
    return Pattern.compile(pattern).matcher(text).results().findFirst().orElseThrow();
  }

  /** Runs the launcher, and returns what it printed. */
  private static String run(String... arguments) throws Exception {
    return runTo(0, arguments);
  }

  private static String runTo(int code, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    if (succeeds(with(NO_NETWORK, "true"))) {
      command.addAll(NO_NETWORK);
    }
    command.add(unpacked.resolve("bin/llm4msr").toString());
    command.addAll(List.of(arguments));
    Path out = folder.resolve("stdout");
    Path err = folder.resolve("stderr");
    ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("HOME", home.toString());
    // Where the network cannot be taken away, it is behind a proxy that does not answer.
    builder.environment().put("https_proxy", "http://127.0.0.1:9");
    String proxy = "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9";
    // The JVM asks the list of users for the home.
    String options = "--limit-modules=%s -Duser.home=%s %s".formatted(MODULES, home, proxy);
    builder.environment().put("LLM4MSR_JAVA_OPTS", options);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("ends").isTrue();
    assertThat(process.exitValue()).as(Files.readString(err)).isEqualTo(code);
    return Files.readString(out);
  }

  private static boolean succeeds(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor() == 0;
  }

  private static List<String> with(List<String> words, String more) {
    return Stream.concat(words.stream(), Stream.of(more)).toList();
  }

  private static Path onPath(String tool) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(place -> Path.of(place, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  /** Returns what a folder has whose name ends so, in order. */
  private static List<Path> files(Path folder, String end) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
    }
  }
}

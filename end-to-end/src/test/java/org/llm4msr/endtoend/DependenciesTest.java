package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a module brings to those who depend on it, as Maven resolves it in this build. */
class DependenciesTest {

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));
  private static final String LISTS = "end-to-end/src/test/resources/dependencies";
  private static final List<String> NOT_TO_SCORE =
      List.of(
          "llm4msr-training",
          "llm4msr-experiment",
          "llm4msr-download",
          "llm4msr-toolkit-hub",
          "llm4msr-lab",
          "llm4msr-cli",
          "picocli",
          "progressbar",
          "jmustache");

  private static final List<String> ENGINES =
      List.of("llm4msr-engine", "pytorch-engine", "mxnet-engine", "jna");

  private static final Pattern ARTIFACT =
      Pattern.compile("^ +([\\w.-]+):([\\w.-]+):", Pattern.MULTILINE);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "api",
        "processor",
        "toolkit/model",
        "toolkit/arrow",
        "toolkit/hub",
        "toolkit/database",
        "toolkit/safetensors",
        "toolkit/vectors",
        "runtime/core",
        "runtime/batch",
        "runtime/engine",
        "runtime/data",
        "runtime/knowledge",
        "runtime/scoring",
        "runtime/training",
        "runtime/experiment",
        "runtime/download",
        "runtime/lab",
        "runtime/cluster",
        "serving/protocol",
        "serving/recording",
        "serving/ranker",
        "serving/compiler",
        "serving/publishing",
        "serving/export",
        "server",
        "cli",
        "exchange",
        "spark",
        "tck",
        "checking",
        "plugins-backbones",
        "plugins-datasets",
        "plugins-fusion",
        "plugins-features",
        "plugins-llm",
        "plugins-llama-cpp",
      })
  void aModuleBringsWhatItsListSays(String module) throws IOException {
    Path list = ROOT.resolve(LISTS).resolve(module.replace('/', '-') + ".txt");

    assertThat(String.join("\n", brought(module)))
        .as("what %s brings; if it is meant to, change %s", module, list)
        .isEqualTo(Files.readString(list).strip());
  }

  static Stream<Arguments> unwanted() {
    return Stream.of(
        arguments("api", List.of("guice", "hibernate-validator", "duckdb_jdbc", "snakeyaml")),
        arguments("runtime/data", ENGINES),
        arguments("runtime/scoring", NOT_TO_SCORE),
        arguments("serving/ranker", NOT_TO_SCORE),
        arguments("serving/ranker", List.of("netty-common", "netty-buffer", "llm4msr-recording")),
        arguments("tck", List.of("llm4msr-data", "llm4msr-toolkit-database", "duckdb_jdbc")));
  }

  /**
   * Who scores: command line, reports, comparisons, training, downloads. Who prepares data: what
   * runs models. The kit: preparation.
   */
  @ParameterizedTest
  @MethodSource("unwanted")
  void aModuleDoesWithout(String module, List<String> artifacts) throws IOException {
    assertThat(brought(module))
        .extracting(artifact -> artifact.substring(artifact.indexOf(':') + 1))
        .doesNotContainAnyElementsOf(artifacts);
  }

  @Test
  void theUnwantedIsNamedAsItIs() throws IOException {
    assertThat(brought("cli"))
        .contains(
            "info.picocli:picocli",
            "me.tongfei:progressbar",
            "com.samskivert:jmustache",
            "org.duckdb:duckdb_jdbc",
            "org.llm4msr:llm4msr-training");
  }

  /**
   * The launcher puts {@code checking/target/launcher/check} behind the class path of the runtime.
   */
  @Test
  void theCheckBringsWhatTheRuntimeLacks() throws IOException {
    String pom = Files.readString(ROOT.resolve("checking/pom.xml"));
    Matcher groups = Pattern.compile("<includeGroupIds>(.*)</includeGroupIds>").matcher(pom);
    assertThat(groups.find()).isTrue();
    List<String> lacking = new ArrayList<>(brought("checking"));
    lacking.removeAll(brought("dist"));
    lacking.remove("org.llm4msr:llm4msr-tck"); // Included by its name.

    assertThat(lacking)
        .isNotEmpty()
        .extracting(artifact -> artifact.substring(0, artifact.indexOf(':')))
        .isSubsetOf(groups.group(1).split(","));
  }

  private static List<String> brought(String module) throws IOException {
    return ARTIFACT
        .matcher(Files.readString(ROOT.resolve(module).resolve("target/brought.txt")))
        .results()
        .map((MatchResult found) -> found.group(1) + ":" + found.group(2))
        .distinct()
        .sorted()
        .toList();
  }
}

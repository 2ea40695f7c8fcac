package org.llm4msr.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.inject.Guice;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The jars of the four examples in plugin folders read, extract, train and evaluate with nothing
 * else; the real launcher trains.
 */
class ExamplePluginsTest {

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));
  private static final List<String> EXAMPLES =
      List.of("backbone-fm", "encoder-http", "fusion-film", "reader-mind");
  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: mind-example
        path: mind
        scenarios: [sports, news, finance]
        split: { by: time, ratio: [4, 1, 1] }
      knowledge:
        encoder: { name: http, url: "%s", batchSize: 8 }
      model:
        embeddingSize: 8
        backbone: { name: factorization-machine }
        fusion: { name: film, users: true }
      training: { epochs: 4, batchSize: 256, optimizer: { learningRate: 0.01 } }
      runtime: { threads: 1 }
      """;

  @TempDir Path folder;
  private Path launcher;

  /** Makes the outline of a built checkout, with the examples in its plugin folder. */
  @BeforeEach
  void install() throws IOException {
    launcher = folder.resolve("llm4msr");
    Files.copy(ROOT.resolve("llm4msr"), launcher);
    assertThat(launcher.toFile().setExecutable(true)).isTrue();
    Files.copy(ROOT.resolve("jvm.options"), folder.resolve("jvm.options"));
    Files.createFile(folder.resolve("pom.xml"));
    for (String module :
        "bom api runtime exchange plugins-backbones plugins-llm plugins-fusion plugins-features plugins-datasets dist"
            .split(" ")) {
      Files.createFile(Files.createDirectories(folder.resolve(module)).resolve("pom.xml"));
    }
    Path target = Files.createDirectories(folder.resolve("dist/target/launcher"));
    Files.writeString(target.resolve("classpath.txt"), classPath());
    for (String example : EXAMPLES) {
      Path built = ROOT.resolve("examples/" + example + "/target/plugins/" + example);
      Path installed = Files.createDirectories(folder.resolve("plugins/" + example));
      for (File jar : built.toFile().listFiles()) {
        Files.copy(jar.toPath(), installed.resolve(jar.getName()));
      }
    }
  }

  /** The class path of the distribution, which is this test's. */
  private static String classPath() {
    return Stream.of(System.getProperty("java.class.path").split(":"))
        .filter(entry -> Files.exists(Path.of(entry)))
        .collect(Collectors.joining(":"));
  }

  @Test
  void theExamplesTrainThroughTheLauncher() throws Exception {
    Clicks.write(Files.createDirectories(folder.resolve("mind")));
    try (HashService service = new HashService()) {
      write(service.url());
      Experiment experiment = open();
      PreparationResult prepared = experiment.prepare(false, Progress.NONE);
      ExtractionResult extracted = experiment.extract(false, Progress.NONE);

      int trained = exitCode("train", "my.yaml", "--json", "-Dscoring.compile=true");

      assertThat(trained).as(error()).isZero();
      EvaluationReport evaluation = experiment.evaluate("default", Split.TEST, null, Progress.NONE);
      assertThat(prepared.manifest().scenarios())
          .extracting(PreparedScenario::key)
          .containsExactlyInAnyOrder("sports", "news", "finance");
      assertThat(extracted.users().read()).isEqualTo(Clicks.USERS);
      assertThat(service.encoded()).isGreaterThanOrEqualTo(Clicks.USERS + 3);
      // Clicks follow the title; a model that learned nothing would score one half.
      assertThat(evaluation.result().overall().auc()).isGreaterThan(0.7);
      // The recorder follows plugins that it never saw.
      assertThat(folder.resolve("work/runs/default/bundle/compiled/compiled.json")).exists();
      assertThatThrownBy(
              () -> open("model.fusion={name: concat, width: 12}").train("uneven", Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageContainingAll(
              "'factorization-machine' reads the fields separately",
              "fusion head 'concat' they have the widths [8, 12]",
              "Give the head's features, model.itemKnowledge and knowledge.history the width of");
    }
  }

  @Test
  void aFolderOfTheExamplesIsSound() {
    PluginRegistry plugins = PluginRegistry.load(List.of(folder.resolve("plugins")));

    assertThat(plugins.verify()).isEmpty();
    assertThat(plugins.names(PluginKind.BACKBONE)).contains("factorization-machine");
    assertThat(plugins.names(PluginKind.KNOWLEDGE_ENCODER)).contains("http");
    assertThat(plugins.names(PluginKind.FUSION_HEAD)).contains("film");
    assertThat(plugins.names(PluginKind.DATASET_READER)).contains("mind-example");
  }

  @Test
  void aHeadAndABackboneThatDoNotFitAreRefusedByTheCheck() throws Exception {
    Clicks.write(Files.createDirectories(folder.resolve("mind")));
    write("http://localhost:1");
    Experiment experiment = open("model.fusion.name=dynamic-network");

    assertThatThrownBy(experiment::check)
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll(
            "model.fusion.name",
            "dynamic-network",
            "needs the hidden state of the backbone, but factorization-machine has none",
            "Choose another head or another backbone");
  }

  private void write(String url) throws IOException {
    Files.writeString(folder.resolve("my.yaml"), EXPERIMENT.formatted(url));
  }

  private Experiment open(String... settings) {
    PluginRegistry plugins = PluginRegistry.load(List.of(folder.resolve("plugins")));
    return Guice.createInjector(new RuntimeModule(plugins))
        .getInstance(Experiments.class)
        .open(folder.resolve("my.yaml"), List.of(settings));
  }

  private String error() throws IOException {
    return Files.readString(folder.resolve("stderr"), UTF_8);
  }

  private int exitCode(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(folder.resolve("stdout").toFile())
            .redirectError(folder.resolve("stderr").toFile());
    // Short processes, as those of the tests: more would be compiled than run.
    builder.environment().put("LLM4MSR_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    Process process = builder.start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    return process.exitValue();
  }
}

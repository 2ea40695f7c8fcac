package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.slf4j.LoggerFactory;

/** Weights, and the plugin that learned them after its code was changed under the same version. */
class PluginCodeTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final TrainingOptions ANEW = new TrainingOptions(null, null, true, List.of());

  @TempDir static Path folder;
  private static Path run;

  @BeforeAll
  static void train() throws IOException {
    SmallShop.write(folder, 1, 200, 600, 90, List.of("feed", "search"));
    install("first", "sums");
    install("second", "sums.neg()");
    Experiment experiment = open("first");
    experiment.prepare(false, Progress.NONE);
    run = experiment.train("one", Progress.NONE).run();
  }

  @AfterEach
  void forgetKnowledge() throws IOException {
    DurableFiles.delete(folder.resolve("work/knowledge"));
  }

  private static void install(String plugins, String result) throws IOException {
    Path place = Files.createDirectories(folder.resolve(plugins));
    PluginSource.install(place, "Sum", PluginSource.sumOfInput("Sum", "", result));
  }

  private static Experiment open(String plugins, String... settings) {
    return Guice.createInjector(new RuntimeModule(registry(plugins)))
        .getInstance(Experiments.class)
        .open(
            folder.resolve("experiment.yaml"),
            Stream.concat(
                    Stream.of(
                        "model.backbone={name: sum}", "model.fusion=none", "training.epochs=1"),
                    Stream.of(settings))
                .toList());
  }

  private static PluginRegistry registry(String plugins) {
    return PluginRegistry.load(List.of(folder.resolve(plugins).resolve("plugins")));
  }

  @Test
  void trainingRefusesARunOfOtherCodeAndForceTrainsItAnew() throws IOException {
    Path replaced = open("first").train("replaced", Progress.NONE).run();
    String first = digest(replaced.resolve("provenance.json"));
    assertThat(first).hasSize(64);
    Experiment second = open("second");
    Map<String, String> before = files(replaced);

    assertThatThrownBy(() -> second.train("replaced", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith(
            "[training/OTHER_RUN] The run %s was trained with other code of a plugin: the backbone sum was version unknown with the digest %.12s, and is now unknown with "
                .formatted(replaced, first))
        .hasMessageContaining(
            ". Start a new run with --run NAME, or train this one anew with --force.");
    assertThat(files(replaced)).isEqualTo(before);

    assertThat(second.train("replaced", ANEW, Progress.NONE).result().rowsPerSecond()).isPositive();
    assertThat(digest(replaced.resolve("provenance.json"))).isNotEqualTo(first).hasSize(64);
    assertThat(digest(replaced.resolve("bundle/manifest.json")))
        .isEqualTo(digest(replaced.resolve("provenance.json")));
    assertThat(second.train("replaced", Progress.NONE).result().rowsPerSecond())
        .as("trained already")
        .isZero();
  }

  @Test
  void aRunThatCannotBeReplacedStaysAsItIs() throws IOException {
    install("broken", "sums.reshape(7)");
    Map<String, String> before = files(run);

    assertThatThrownBy(() -> open("broken").train("one", ANEW, Progress.NONE))
        .isInstanceOf(RuntimeException.class);

    assertThat(files(run)).isEqualTo(before);
    assertThat(open("first").train("one", Progress.NONE).result().rowsPerSecond()).isZero();
  }

  @Test
  void evaluationAndScoringWarnOfOtherCodeAndABundleNamesTheCodeThatLearned() throws IOException {
    String first = digest(run.resolve("provenance.json"));
    Experiment second = open("second");
    String warning = " was trained with other code: the backbone sum was version unknown";

    assertThat(warnings(() -> open("first").evaluate("one", Split.TEST, null, Progress.NONE)))
        .isEmpty();
    assertThat(warnings(() -> second.evaluate("one", Split.TEST, null, Progress.NONE)))
        .singleElement()
        .asString()
        .startsWith(run + warning);
    assertThat(
            warnings(
                () ->
                    Scorer.load(
                            run.resolve("bundle"),
                            List.of(),
                            ConfigLoader.standard(registry("second")))
                        .close()))
        .singleElement()
        .asString()
        .startsWith(run.resolve("bundle") + warning);

    second.createBundle("one", folder.resolve("late"));
    assertThat(digest(folder.resolve("late/manifest.json"))).isEqualTo(first);
  }

  @Test
  void evaluationTellsWhatDiffersFromTheConfiguration() {
    Experiment other = open("first", "model.embeddingSize=6", "evaluation.slices=[city]");

    assertThat(warnings(() -> other.evaluate("one", Split.TEST, null, Progress.NONE)))
        .singleElement()
        .asString()
        .isEqualTo(
            "The run %s was trained with settings other than those of %s: model.embeddingSize was 4 and is now 6. What follows is the run as it was trained; for these settings train with --run NAME."
                .formatted(run, folder.resolve("experiment.yaml")));
  }

  @Test
  void aHeadThatReadsKnowledgeIsToldToBeAnotherRun() {
    Experiment reads = open("first", "model.fusion=concat");
    assertThatThrownBy(() -> reads.train("one", ANEW, Progress.NONE))
        .as("it is to be replaced: what keeps it from that is told")
        .hasMessageStartingWith("[knowledge/NOT_EXTRACTED]");
    for (int extracted = 0; extracted < 2; extracted++) {
      assertThatThrownBy(() -> reads.train("one", Progress.NONE))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[training/OTHER_RUN] The run " + run)
          .hasMessageContaining("model.fusion.name was none and is now concat")
          .hasMessageContaining("Start a new run with --run NAME; this one stays as it is.");
      reads.extract(false, Progress.NONE);
    }
    assertThat(reads.train("of-knowledge", Progress.NONE).result().rowsPerSecond()).isPositive();
  }

  @Test
  void knowledgeOfOtherCodeIsKeptWithAWarningUntilItIsAccepted() throws IOException {
    Experiment reads = open("first", "model.fusion=concat");
    reads.extract(false, Progress.NONE);
    Path file = folder.resolve("work/knowledge/store.json");
    ObjectNode store = (ObjectNode) JSON.readTree(file.toFile());
    assertThat(store.path("plugins").findValuesAsText("name")).containsExactly("llm4msr", "hash");
    ((ObjectNode) store.path("plugins").get(1)).put("digest", "0".repeat(64));
    JSON.writeValue(file.toFile(), store);

    String warning =
        "The knowledge in %s was extracted with other code of a plugin: the knowledge encoder hash was version"
            .formatted(file.getParent());
    for (int again = 0; again < 2; again++) {
      assertThat(warnings(() -> reads.extract(false, Progress.NONE)))
          .singleElement()
          .asString()
          .startsWith(warning)
          .contains(
              "say so with `llm4msr knowledge extract %s --accept`; otherwise extract them again, with --rebuild."
                  .formatted(folder.resolve("experiment.yaml")));
    }
    assertThat(warnings(() -> reads.train("two", Progress.NONE)))
        .singleElement()
        .asString()
        .startsWith(warning);

    reads.acceptKnowledge();
    assertThat(warnings(() -> reads.extract(false, Progress.NONE))).isEmpty();
    assertThat(JSON.readTree(file.toFile()).findValuesAsText("digest"))
        .doesNotContain("0".repeat(64));
    assertThat(warnings(() -> reads.train("two", Progress.NONE))).isEmpty();
  }

  private static String digest(Path file) throws IOException {
    for (JsonNode plugin : JSON.readTree(file.toFile()).path("plugins")) {
      if (plugin.path("name").asText().equals("sum")) {
        return plugin.path("digest").asText();
      }
    }
    throw new AssertionError(file + " does not name the plugin");
  }

  /** The files of a run with what they hold, without its log, which grows. */
  private static Map<String, String> files(Path root) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith("log.txt")) {
          files.put(
              root.relativize(file).toString(),
              new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1));
        }
      }
    }
    return files;
  }

  /** Without that of threads, which PyTorch has as the first test of this process wanted them. */
  private static List<String> warnings(Runnable work) {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("org.llm4msr.runtime");
    logger.addAppender(log);
    try {
      work.run();
    } finally {
      logger.detachAppender(log);
    }
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .filter(message -> !message.startsWith("runtime.threads is "))
        .toList();
  }
}

package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.knowledge.extraction.PromptPreview;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.slf4j.LoggerFactory;

/** Prompts of all rows, for experiments: what they hold, and that no result hides it. */
class LeakSwitchTest {

  private static final String LEAK = "knowledge.prompts.leakFutureInteractions=true";
  private static final String TEMPLATES =
      "knowledge.prompts={name: llm4msr, userTemplate: user.mustache, scenarioTemplate:"
          + " scenario.mustache, maxHistory: 0}";

  @TempDir Path folder;
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final ClickLog clicks = ClickLog.draw(false);
  private Path file;

  @BeforeEach
  void prepare() throws IOException {
    log.start();
    logger().addAppender(log);
    file = clicks.write(folder);
    Experiment.fromYaml(file).prepare(false, Progress.NONE);
  }

  @AfterEach
  void detach() {
    logger().detachAppender(log);
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(Experiment.class);
  }

  @Test
  void promptsTellOfAllRowsInTheirOrderOnlyWhenAsked() {
    PromptPreview honest = Experiment.fromYaml(file, TEMPLATES).previewPrompts(Integer.MAX_VALUE);
    PromptPreview leaky =
        Experiment.fromYaml(file, TEMPLATES, LEAK).previewPrompts(Integer.MAX_VALUE);

    List<ClickLog.Row> training = clicks.rows().subList(0, ClickLog.TRAINING_ROWS);
    assertThat(texts(honest.users())).isEqualTo(histories(training));
    assertThat(texts(leaky.users())).isEqualTo(histories(clicks.rows()));
    assertThat(texts(honest.scenarios())).isEqualTo(counts(training));
    assertThat(texts(leaky.scenarios())).isEqualTo(counts(clicks.rows()));
  }

  @Test
  void everyResultSaysSo() throws IOException {
    Experiment leaky = Experiment.fromYaml(file, LEAK);
    assertThat(leaky.extract(false, Progress.NONE).info().leakFutureInteractions()).isTrue();
    assertThat(leaky.inspectKnowledge().info().leakFutureInteractions()).isTrue();
    TrainingReport trained = leaky.train("leaky", Progress.NONE);
    assertThat(trained.leakFutureInteractions()).isTrue();
    assertThat(score(trained.bundle()).leakFutureInteractions()).isTrue();
    assertThat(warnings()).hasSize(1).first().asString().contains("leakFutureInteractions is on");

    // Later the switch is off in the file: the run remembers.
    Path predictions = folder.resolve("predictions.arrow");
    EvaluationReport report =
        Experiment.fromYaml(file).evaluate("leaky", Split.TEST, predictions, Progress.NONE);

    assertThat(report.leakFutureInteractions()).isTrue();
    assertThat(warnings()).hasSize(2);
    assertThat(metadata(predictions)).containsEntry("llm4msr.leakFutureInteractions", "true");
    for (String result :
        List.of(
            "knowledge/store.json",
            "runs/leaky/provenance.json",
            "runs/leaky/training.json",
            "runs/leaky/evaluation-test.json")) {
      assertThat(stamp(result)).as(result).isTrue();
    }
  }

  @Test
  void whatGoesOnFromALeakyModelSaysSoToo() {
    Experiment leaky = Experiment.fromYaml(file, LEAK);
    leaky.extract(false, Progress.NONE);
    Path bundle = leaky.train("leaky", Progress.NONE).bundle();

    Experiment honest = Experiment.fromYaml(file);
    assertThat(honest.extract(false, Progress.NONE).info().leakFutureInteractions()).isFalse();
    TrainingReport next = honest.train("next", new TrainingOptions(null, bundle), Progress.NONE);

    assertThat(next.leakFutureInteractions()).isTrue();
    assertThat(score(next.bundle()).leakFutureInteractions()).isTrue();
    assertThat(honest.train("fresh", Progress.NONE).leakFutureInteractions()).isFalse();
  }

  @Test
  void anHonestResultCarriesNoStamp() throws IOException {
    Experiment honest = Experiment.fromYaml(file);
    honest.extract(false, Progress.NONE);
    Path bundle = honest.train("honest", Progress.NONE).bundle();
    assertThat(score(bundle).leakFutureInteractions()).isFalse();
    Path predictions = folder.resolve("predictions.arrow");
    honest.evaluate("honest", Split.TEST, predictions, Progress.NONE);

    assertThat(warnings()).isEmpty();
    assertThat(metadata(predictions)).doesNotContainKey("llm4msr.leakFutureInteractions");
    assertThat(stamp("knowledge/store.json")).isFalse();
    assertThat(stamp("runs/honest/evaluation-test.json")).isFalse();
  }

  private ScoringReport score(Path bundle) {
    Path rows = folder.resolve("rows.csv");
    try (Scorer scorer = Scorer.load(bundle, "runtime.threads=1")) {
      Files.writeString(rows, "user,item,scenario,device,price,tags\nu1,i1,feed,device1,1,tea\n");
      Path out = bundle.resolveSibling("scores.csv");
      return scorer.score(new ScoringRequest(rows, out), Progress.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> warnings() {
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  private boolean stamp(String name) throws IOException {
    JsonNode json = new ObjectMapper().readTree(folder.resolve("work").resolve(name).toFile());
    return json.required("leakFutureInteractions").booleanValue();
  }

  private static Map<String, String> metadata(Path arrow) throws IOException {
    try (RootAllocator allocator = new RootAllocator();
        var channel = Files.newByteChannel(arrow);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      return reader.getVectorSchemaRoot().getSchema().getCustomMetadata();
    }
  }

  private static Map<String, String> texts(List<PromptPreview.Item> prompts) {
    return prompts.stream()
        .collect(
            Collectors.toMap(
                PromptPreview.Item::key,
                prompt -> prompt.text().strip(),
                (a, b) -> a,
                TreeMap::new));
  }

  /** Each user's positive items, oldest first. */
  private static Map<String, String> histories(List<ClickLog.Row> rows) {
    return rows.stream()
        .filter(ClickLog.Row::label)
        .collect(
            Collectors.groupingBy(
                ClickLog.Row::user,
                TreeMap::new,
                Collectors.mapping(ClickLog.Row::item, Collectors.joining(" "))));
  }

  /** Each scenario's name, rows, positives and popular items, the most popular last. */
  private static Map<String, String> counts(List<ClickLog.Row> rows) {
    Map<String, String> counts = new TreeMap<>();
    for (String scenario : List.of("feed", "search", "nearby")) {
      List<ClickLog.Row> own =
          rows.stream().filter(row -> row.scenario().equals(scenario)).toList();
      List<ClickLog.Row> liked = own.stream().filter(ClickLog.Row::label).toList();
      counts.put(scenario, scenario + " " + own.size() + " " + liked.size());
    }
    return counts;
  }
}

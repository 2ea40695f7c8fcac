package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.inject.Guice;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.serving.compiler.Compiler;

/** Sequences in a server, in searches, with bfloat16 and beside malformed rows. */
class SequenceUsesTest {

  private static final String SEQUENCES =
      "{recent: {pooling: target-attention, length: 5}, where: {table: scenario, length: 4}, tags:"
          + " {of: tags, pooling: max, length: 2}}";

  @TempDir static Path folder;
  private static List<String> rows;
  private static TrainingReport trained;

  @BeforeAll
  static void train() throws IOException {
    ServedShop.train(); // Its server has begun the threads that stay.
    rows = SmallShop.write(folder, 1, 1000, 1500, 60, ServedShop.SCENARIOS).rows();
    Experiment experiment = experiment(folder);
    experiment.prepare(false, Progress.NONE);
    trained = experiment.train("one", Progress.NONE);
  }

  private static Experiment experiment(Path shop, String... further) {
    List<String> overrides = new ArrayList<>(List.of(SmallShop.PLAIN));
    overrides.add("model.sequences=" + SEQUENCES);
    overrides.addAll(List.of(further));
    return Experiment.fromYaml(shop.resolve("experiment.yaml"), overrides.toArray(String[]::new));
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  private static Map<String, Object> row(String user, String item) {
    Map<String, Object> row = new HashMap<>();
    row.put("user", user);
    row.put("item", item);
    row.put("scenario", "feed");
    row.put("hour", 3);
    row.put("price", 12.5);
    row.put("tags", List.of("a", "c", "b"));
    return row;
  }

  private static float[] ranked(RankingServer server, String user, String more) throws Exception {
    String body =
        ("{\"user\": \"%s\", \"scenario\": \"feed\", \"context\": {\"hour\": 3, \"price\": 12.5,"
                + " \"tags\": [\"a\", \"c\", \"b\"]%s}, \"items\": [{\"id\": \"i1\"}, {\"id\":"
                + " \"i2\"}, {\"id\": \"i3\"}]}")
            .formatted(user, more);
    HttpResponse<String> answer = ServedShop.post(server, body);
    assertThat(answer.statusCode()).describedAs(answer.body()).isEqualTo(200);
    float[] found = new float[3];
    for (JsonNode item : ServedShop.JSON.readTree(answer.body()).get("items")) {
      found[item.get("id").asText().charAt(1) - '1'] = (float) item.get("probability").asDouble();
    }
    return found;
  }

  /** Over HTTP: the past of the bundle's log, and that of the request. */
  @Test
  void aServerReadsTheLogOfTheBundleOrThePastOfTheRequest() throws Exception {
    Path compiled = folder.resolve("compiled");
    new Compiler(loader()).compile(Bundle.open(trained.bundle()), compiled);
    List<String> settings =
        List.of("port=0", "warmUpSeconds=0", "drainSeconds=0", "models.main.bundle=" + compiled);
    ConfigLoader loader = loader();
    try (RankingServer server =
        RankingServer.start(loader.bind(ServerConfig.class, settings, "the test"), loader)) {
      for (String user : List.of("17", "nobody")) {
        List<Map<String, Object>> asked = new ArrayList<>();
        List<Map<String, Object>> given = new ArrayList<>();
        for (int item = 1; item <= 3; item++) {
          asked.add(row(user, "i" + item));
          Map<String, Object> with = row(user, "i" + item);
          with.put("history", List.of("i9", "i8", "i7"));
          given.add(with);
        }

        float[] fromLog = ranked(server, user, "");
        float[] fromRequest = ranked(server, user, ", \"history\": [\"i9\", \"i8\", \"i7\"]");
        assertThat(fromLog)
            .containsExactly(SequencesTest.score(trained.bundle(), asked), within(1e-5f));
        assertThat(fromRequest)
            .containsExactly(SequencesTest.score(trained.bundle(), given), within(1e-5f))
            .isNotEqualTo(fromLog);
      }
    }
  }

  @Test
  void searchesPoolingsAndLengths() throws IOException {
    Path file = folder.resolve("search.yaml");
    Files.writeString(
        file,
        """
        experiment: experiment.yaml
        settings: {model.fusion: none, training.epochs: 1, model.sequences: %s}
        space:
          model.sequences.recent.pooling: {values: [mean, max, target-attention]}
          model.sequences.recent.length: {from: 1, to: 8, whole: true}
        trials: 3
        """
            .formatted(SEQUENCES));
    Comparisons comparisons =
        Guice.createInjector(new LabModule(new RuntimeModule())).getInstance(Comparisons.class);

    List<Trial> trials = comparisons.openTuning(file, List.of()).run(ComparisonView.NONE).trials();

    assertThat(trials).hasSize(4);
    assertThat(trials)
        .filteredOn(trial -> trial.number() > 0)
        .allSatisfy(
            trial -> {
              assertThat(trial.values().get(0)).isIn("mean", "max", "target-attention");
              assertThat(Integer.parseInt(trial.values().get(1))).isBetween(1, 8);
            });
    assertThat(trials.stream().map(Trial::value).distinct()).hasSizeGreaterThan(1);
  }

  /** A layer of fewer than 64 rows or columns has no such products. */
  @Test
  void trainsWithProductsOfBfloat16() {
    String[] wide = {
      "model.embeddingSize=16",
      "model.backbone={name: shared-bottom, bottom: [64, 64], tower: [16]}"
    };
    TrainingReport full = experiment(folder, wide).train("wide", Progress.NONE);
    List<String> halved = new ArrayList<>(List.of(wide));
    halved.add("training.precision=bfloat16");
    TrainingReport halves;
    try {
      halves = experiment(folder, halved.toArray(String[]::new)).train("halves", Progress.NONE);
    } catch (MsrException e) {
      assumeThat(e.code()).as(e.getMessage()).isNotEqualTo("config/NO_BFLOAT16");
      throw e;
    }

    // After four steps the order of 250 rows is left to chance.
    assertThat(logLoss(halves)).isCloseTo(logLoss(full), within(0.002));
    assertThat(logLoss(halves)).isNotEqualTo(logLoss(full));
  }

  private static double logLoss(TrainingReport report) {
    return report.result().best().result().overall().logLoss();
  }

  /** The same log with rows that cannot be read is the same log. */
  @Test
  void malformedRowsAreNoEvents() throws IOException {
    Path damaged = folder.resolve("damaged");
    SmallShop.write(damaged, 1, 1000, 1500, 60, ServedShop.SCENARIOS);
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS));
    for (int i = 0; i < rows.size(); i++) {
      lines.add(rows.get(i));
      if (i % 100 == 50) {
        lines.add(rows.get(i).replaceFirst(",[01],", ",perhaps,"));
      }
    }
    Files.write(damaged.resolve("raw/inter.csv"), lines);
    Experiment experiment = experiment(damaged, "dataset.malformed={policy: skip, share: 0.1}");
    experiment.prepare(false, Progress.NONE);
    Path bundle = experiment.train("one", Progress.NONE).bundle();

    for (String file : List.of("dense.safetensors", "tables/item_id.arrow", "history.arrow")) {
      assertThat(bundle.resolve(file)).hasSameBinaryContentAs(trained.bundle().resolve(file));
    }
  }

  /** As {@code --with history=...} writes them. */
  @Test
  void explainsAPairWithEventsOfItsOwn() {
    Map<String, Object> row = row("17", "i7");
    row.put("tags", List.of("a", "c"));
    float ofLog = SequencesTest.score(trained.bundle(), List.of(row))[0];
    row.put("history", List.of(Map.of("item", "i9", "scenario", "search"), "i8"));
    Map<String, String> values =
        Map.of(
            "hour",
            "3",
            "price",
            "12.5",
            "tags",
            "a|c",
            "history",
            "{\"item\": \"i9\", \"scenario\": \"search\"}|i8");

    Explanation explanation =
        experiment(folder)
            .explain(
                "one",
                new ExplanationRequest("17", "feed", "i7", values, Split.TEST, 2, 3),
                Progress.NONE);

    double score = explanation.rows().get(0).parts().score();
    assertThat(score)
        .isCloseTo(SequencesTest.score(trained.bundle(), List.of(row))[0], within(1e-5))
        .isNotCloseTo(ofLog, within(1e-5));
  }

  /** In a log of positives, all events are those that were logged. */
  @Test
  void drawnNegativesAreNoEvents() throws IOException {
    Path shop = folder.resolve("positives");
    List<String> log = SmallShop.write(shop, 1, 1000, 1200, 60, ServedShop.SCENARIOS).rows();
    List<String> settings = new ArrayList<>(List.of(SmallShop.PLAIN));
    settings.addAll(SequencesTest.LEARNS);
    settings.add("dataset.label=''");
    settings.add("dataset.negatives={perPositive: 2}");
    settings.add("model.sequences={all: {events: all, until: row, length: 5}}");
    Experiment experiment =
        Experiment.fromYaml(shop.resolve("experiment.yaml"), settings.toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    Path bundle = experiment.train("one", Progress.NONE).bundle();
    List<Map<String, Object>> some = new ArrayList<>();
    List<Map<String, Object>> given = new ArrayList<>();
    for (int i = 1100; i < 1150; i++) {
      String[] values = log.get(i).split(",", -1);
      Map<String, Object> row = row(values[0], values[1]);
      row.put("time", Long.parseLong(values[4]) * 1000);
      some.add(row);
      Map<String, Object> with = new HashMap<>(row);
      with.put(
          "history",
          log.subList(0, i).stream()
              .map(line -> line.split(",", -1))
              .filter(event -> event[0].equals(values[0]))
              .map(event -> event[1])
              .toList());
      given.add(with);
    }

    assertThat(SequencesTest.score(bundle, given))
        .containsExactly(SequencesTest.score(bundle, some), within(1e-6f));
  }
}

package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.EmbeddingExport;
import org.llm4msr.runtime.cluster.DescribeScoring;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/** A model with sequences of the log, of a list and of items' kinds, from raw files to requests. */
class SequencesTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");
  private static final int TRAINING = 800;
  private static final int TEST = 1000;
  private static final int ROWS = 1200;
  static final String FIELDS =
      "dataset.fields=[{column: hour}, {column: seen, kind: multi-categorical, vocabulary: item},"
          + " {column: kind, table: items}]";
  static final String LABELS = "dataset.labels=[{name: dear, column: price, positiveAbove: 10}]";

  /** Settings with which a model learns enough for its scores to depend on what it reads. */
  static final List<String> LEARNS =
      List.of("training.epochs=2", "training.batchSize=64", "training.optimizer.learningRate=0.03");

  static final String SEQUENCES =
      "model.sequences={attended: {pooling: target-attention, length: 6, hidden: [5], events: all,"
          + " until: row}, mean: {}, own: {ownTable: true, pooling: sum, length: 4}, dear:"
          + " {positive: dear, length: 3}, where: {table: scenario, length: 4, pooling: target-attention}, largest: {pooling: max, length: 3}, kinds: {pooling: sum, table:"
          + " kind}, seen-before: {of: seen, pooling: target-attention, softmax: true, length: 3}}";

  @TempDir static Path folder;
  private static List<String> rows;
  private static Experiment experiment;
  private static Path bundle;
  private static Path compiled;

  @BeforeAll
  static void train() throws IOException {
    rows = write(folder, 1, 1000, ROWS);
    experiment = experiment(folder, SEQUENCES);
    experiment.check();
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
    compiled = folder.resolve("compiled");
    new Compiler(loader()).compile(Bundle.open(bundle), compiled);
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  /** Writes a shop whose log also has the items that were shown in the four rows before. */
  static List<String> write(Path shop, long seed, int firstTime, int count) throws IOException {
    List<String> plain = SmallShop.write(shop, seed, firstTime, count, 60, SCENARIOS).rows();
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < plain.size(); i++) {
      List<String> seen =
          plain.subList(Math.max(0, i - i % 5), i).stream()
              .map(line -> line.split(",", -1)[1])
              .toList();
      rows.add(plain.get(i) + "," + String.join("|", seen));
    }
    Files.writeString(
        shop.resolve("raw/inter.csv"),
        SmallShop.COLUMNS + ",seen\n" + String.join("\n", rows) + "\n");
    return rows;
  }

  static Experiment experiment(Path shop, String... further) {
    List<String> overrides = new ArrayList<>(List.of(SmallShop.PLAIN));
    overrides.add(FIELDS);
    overrides.add(LABELS);
    overrides.addAll(List.of(further));
    return Experiment.fromYaml(shop.resolve("experiment.yaml"), overrides.toArray(String[]::new));
  }

  /** Returns an experiment with all defaults of a backbone. */
  static Experiment experimentOf(String backbone, Path shop, String... further) {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                FIELDS,
                LABELS,
                "training.epochs=1",
                "model.fusion=none",
                "model.backbone=" + backbone));
    overrides.addAll(List.of(further));
    return Experiment.fromYaml(shop.resolve("experiment.yaml"), overrides.toArray(String[]::new));
  }

  static Map<String, Object> row(String line) {
    String[] values = line.split(",", -1);
    Map<String, Object> row = new HashMap<>();
    row.put("user", values[0]);
    row.put("item", values[1]);
    row.put("scenario", values[2]);
    row.put("time", Long.parseLong(values[4]) * 1000);
    row.put("hour", values[5]);
    row.put("seen", values[8].isEmpty() ? List.of() : List.of(values[8].split("\\|")));
    return row;
  }

  private static List<Map<String, Object>> testRows() {
    return rows.subList(TEST, ROWS).stream().map(SequencesTest::row).toList();
  }

  static float[] score(Path of, List<Map<String, Object>> rows) {
    try (Scorer scorer = Scorer.load(of)) {
      return scorer.score(rows);
    }
  }

  @Test
  void aBundleScoresAsEvaluationDid() throws IOException {
    Path predictions = folder.resolve("predictions.arrow");
    assertThat(experiment.evaluate("one", Split.TEST, predictions, Progress.NONE).readsLaterParts())
        .isTrue();

    assertThat(score(bundle, testRows()))
        .containsExactly(BundleTest.floats(predictions, "probability"), within(1e-6f));
    assertThat(score(compiled, testRows())).containsExactly(score(bundle, testRows()));
  }

  @Test
  void trainingTwiceGivesTheSameBits() throws IOException {
    Path again = experiment.train("again", Progress.NONE).bundle();

    for (String file :
        List.of(
            "dense.safetensors", "tables/item_id.arrow", "history.arrow", "history~dear.arrow")) {
      assertThat(again.resolve(file)).hasSameBinaryContentAs(bundle.resolve(file));
    }
    try (var tables = Files.list(bundle.resolve("tables"))) {
      assertThat(tables.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "user_id.arrow",
              "item_id.arrow",
              "scenario.arrow",
              "hour.arrow",
              "kind.arrow",
              "own~sequence.arrow");
    }
  }

  @Test
  void tablesOfSequencesAreExportedWithTheValuesOfTheirField() throws IOException {
    Path target = folder.resolve("embeddings");
    EmbeddingExport export = new EmbeddingExport(Bundle.open(bundle));

    assertThat(export.write(List.of(), target)).contains(target.resolve("own~sequence.arrow"));
    assertThat(export.write(List.of("sequence.own"), folder.resolve("one")))
        .containsExactly(folder.resolve("one/own~sequence.arrow"));
    Map<String, String> own = vectors(target.resolve("own~sequence.arrow"));
    Map<String, String> ofItems = vectors(target.resolve("item_id.arrow"));
    assertThat(own)
        .hasSizeGreaterThan(50)
        .hasSameSizeAs(ofItems)
        .containsOnlyKeys(ofItems.keySet());
    own.forEach((value, vector) -> assertThat(vector).isNotEqualTo(ofItems.get(value)));
  }

  private static Map<String, String> vectors(Path file) throws IOException {
    Map<String, String> vectors = new HashMap<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        for (int row = 0; row < root.getRowCount(); row++) {
          vectors.put(
              String.valueOf(root.getVector("value").getObject(row)),
              String.valueOf(root.getVector("vector").getObject(row)));
        }
      }
    }
    return vectors;
  }

  /** The user's events of the log, oldest first, as a row brings them. */
  static List<Object> past(List<String> rows, String user, long before) {
    List<Object> past = new ArrayList<>();
    for (String line : rows) {
      String[] values = line.split(",", -1);
      if (values[0].equals(user) && Long.parseLong(values[4]) * 1000 < before) {
        boolean dear = !values[6].isEmpty() && Double.parseDouble(values[6]) > 10;
        past.add(
            Map.of(
                "item",
                values[1],
                "scenario",
                values[2],
                "label",
                Integer.parseInt(values[3]),
                "label_dear",
                dear ? 1 : 0));
      }
    }
    return past;
  }

  /** All sequences read the same events only if none is of the training part alone. */
  @Test
  void aPastThatARowBringsIsReadAsThatOfTheLog() {
    Experiment other =
        experiment(
            folder,
            "model.sequences={attended: {pooling: target-attention, events: all, until: row}, sum:"
                + " {pooling: sum, until: row}, dear: {positive: dear, until: row, length: 4}, where:"
                + " {table: scenario, until: row, length: 4}}");
    Path own = other.train("given", Progress.NONE).bundle();
    List<Map<String, Object>> given = new ArrayList<>();
    List<Map<String, Object>> without = new ArrayList<>();
    for (Map<String, Object> row : testRows()) {
      Map<String, Object> with = new HashMap<>(row);
      with.put("history", past(rows, (String) row.get("user"), (Long) row.get("time")));
      given.add(with);
      Map<String, Object> nothing = new HashMap<>(row);
      nothing.put("history", List.of());
      without.add(nothing);
    }

    float[] scores = score(own, testRows());
    assertThat(score(own, given)).containsExactly(scores, within(1e-6f));
    assertThat(score(own, without)).isNotEqualTo(scores);
  }

  /** Past rows would read what came after them, and metrics be too good. */
  @Test
  void scoringWarnsOfRowsWithoutTimes() throws IOException {
    String header = SmallShop.COLUMNS + ",seen\n";
    List<String> past =
        rows.subList(0, 20).stream()
            .map(line -> line.replaceFirst("^((?:[^,]*,){4}[^,]*)", "$1\\000"))
            .toList();
    Path timed = Files.writeString(folder.resolve("timed.csv"), header + String.join("\n", past));
    Path untimed =
        Files.writeString(
            folder.resolve("untimed.csv"), header.replace("time", "at") + String.join("\n", past));
    InProcess.Outcome with = scored(timed);
    InProcess.Outcome without = scored(untimed);

    assertThat(with.out()).contains("\"untimed\" : false");
    assertThat(with.err()).doesNotContain("time");
    assertThat(without.out()).contains("\"untimed\" : true");
    assertThat(without.err())
        .containsOnlyOnce(untimed + ": the model reads events of the log, and the rows have no")
        .contains("give them their time");
    assertThat(describedAsUntimed("time")).isFalse();
    assertThat(describedAsUntimed("at")).isTrue();
    assertThat(describedAsUntimed("history")).as("which replaces the log").isFalse();
  }

  private static InProcess.Outcome scored(Path rows) {
    String out = rows.resolveSibling(rows.getFileName() + ".arrow").toString();
    return InProcess.start(
        "score", bundle.toString(), "--in", rows.toString(), "--out", out, "--json");
  }

  /** As Spark asks, which has rows with the columns that are required, and one more. */
  private static boolean describedAsUntimed(String column) {
    Map<?, ?> told =
        (Map<?, ?>)
            new DescribeScoring()
                .apply(
                    Map.of(
                        "bundle", bundle.toString(),
                        "overrides", List.of(),
                        "plugins", List.of(),
                        "source", "rows",
                        "columns",
                            List.of(
                                "user",
                                "item",
                                "scenario",
                                "hour",
                                "price",
                                "tags",
                                "seen",
                                column),
                        "keep", List.of(),
                        "own", List.of()));
    return (Boolean) told.get("untimed");
  }

  @Test
  void inspectionNamesWhatRowsMayBringOfTheLog() {
    String text = InProcess.run("bundle", "inspect", bundle.toString());
    assertThat(text)
        .containsPattern("may have columns .*time \\(time\\), history \\(history\\)")
        .containsPattern("without time  +each row counts as of now; one of the past also reads")
        .containsPattern("without history  +each row reads the bundle's events of its user")
        .doesNotContain("item_vector");
    assertThat(InProcess.run("bundle", "inspect", bundle.toString(), "--json"))
        .containsPattern("\"name\" : \"time\",\\s*\"kind\" : \"time\",\\s*\"required\" : false,")
        .contains("\"without\" : \"each row counts as of now;");
  }

  private static List<RankItem> items(int count) {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(new RankItem("i" + i));
    }
    return items;
  }

  private static void assertAsTheScorer(Ranker ranker, RankRequest request) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (RankItem item : request.items()) {
      Map<String, Object> row = new HashMap<>(request.context());
      row.putAll(item.fields());
      row.put("user", request.user());
      row.put("scenario", request.scenario());
      row.put("item", item.id());
      rows.add(row);
    }
    float[] expected = score(bundle, rows);
    RankResult result = ranker.rank(request);
    for (int item = 0; item < expected.length; item++) {
      assertThat(result.probability(item))
          .describedAs("item %d", item)
          .isCloseTo(expected[item], within(1e-5f));
    }
  }

  /** Kept items, new ones, and ones with a past of their own. */
  @Test
  void requestsAreRankedAsRowsAreScored() {
    Map<String, Object> context = Map.of("hour", 3, "seen", List.of("i3", "i8", "i5", "i3"));
    Map<String, Object> more = new HashMap<>(context);
    more.put("history", List.of("i9", Map.of("item", "i8", "label", 0), "i7"));
    more.put("time", 1_700_000L);
    List<RankItem> items = items(160);
    items.set(11, new RankItem("i11", Map.of("history", List.of("i1", "i4"))));
    items.set(12, new RankItem("i12", Map.of("seen", List.of("i1", "i4"))));
    for (Path of : List.of(compiled, bundle)) {
      try (Ranker ranker = Ranker.open(of, RankerSettings.STANDARD, loader())) {
        assertThat(ranker.isCompiled()).isEqualTo(of.equals(compiled));
        for (Object user : List.of(17, "nobody", 17)) {
          assertAsTheScorer(ranker, new RankRequest(user, "feed", items(160)).with(context));
          assertAsTheScorer(ranker, new RankRequest(user, "search", items).with(more));
        }
      }
    }
  }

  /** Items that were too rare for an id have one in the later data. */
  private static List<Map<String, Object>> rowsOfKnownItems() {
    Map<String, Integer> counts = new HashMap<>();
    rows.subList(0, TRAINING)
        .forEach(line -> counts.merge(line.split(",", -1)[1], 1, Integer::sum));
    counts.values().removeIf(count -> count < 3);
    return testRows().stream()
        .filter(row -> counts.containsKey((String) row.get("item")))
        .filter(row -> counts.keySet().containsAll((List<?>) row.get("seen")))
        .toList();
  }

  @Test
  void anotherDayGoesOnFromTheBundle() throws IOException {
    Path later = folder.resolve("later");
    write(later, 2, 90_000, 600);
    String[] fixed = {
      SEQUENCES.replace("until: row", "until: training"),
      "training.calibration=off",
      "model.backbone.batchNorm=false"
    };
    Path before = experiment(folder, fixed).train("raw", Progress.NONE).bundle();
    List<String> still = new ArrayList<>(List.of(fixed));
    still.add("training.optimizer.learningRate=1e-30");
    Experiment second = experiment(later, still.toArray(String[]::new));
    second.prepare(false, before, Progress.NONE);
    Path after = second.train("still", new TrainingOptions(null, before), Progress.NONE).bundle();

    List<Map<String, Object>> known = rowsOfKnownItems();
    assertThat(known).hasSizeGreaterThan(100);
    assertThat(score(after, known)).containsExactly(score(before, known), within(1e-5f));
    still.set(
        0, SEQUENCES.replace("length: 6", "length: 7").replace("until: row", "until: training"));
    assertThatThrownBy(
            () ->
                experiment(later, still.toArray(String[]::new))
                    .train("no", new TrainingOptions(null, before), Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining("model.sequences.attended.length was 6 and is now 7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: sar-net, eventScenarios: {recent: where}}",
        "{name: sar-net}",
        "{name: m2m, positions: 3}"
      })
  void backbonesThatReadEventsScoreAlikeEverywhere(String backbone) {
    Experiment reading =
        experimentOf(
            backbone,
            folder,
            "model.sequences={recent: {length: 4, until: row}, where: {table: scenario, length: 4,"
                + " until: row}}");
    Path own = reading.train("reads-" + Math.abs(backbone.hashCode()), Progress.NONE).bundle();
    Path graphs = folder.resolve("graphs-" + Math.abs(backbone.hashCode()));
    new Compiler(loader()).compile(Bundle.open(own), graphs);
    List<Map<String, Object>> given = new ArrayList<>();
    for (Map<String, Object> row : testRows()) {
      Map<String, Object> with = new HashMap<>(row);
      with.put("history", past(rows, (String) row.get("user"), (Long) row.get("time")));
      given.add(with);
    }

    float[] scores = score(own, testRows());
    assertThat(score(graphs, testRows())).containsExactly(scores, within(1e-6f));
    assertThat(score(own, given)).containsExactly(scores, within(1e-6f));
  }

  @Test
  void explainsAPair() {
    Map<String, Object> row = pair(List.of("i1", "i2"));

    assertThat(explained(List.of("i1", "i2")).score())
        .isCloseTo(score(bundle, List.of(row))[0], within(1e-5));
  }

  /** Before its first event, a row has no past. */
  @Test
  void explainsAPairWithoutItsSequences() {
    Map<String, Object> row = pair(List.of());
    row.put("time", 1_000_000L);

    ScoreParts.Without without = explained(List.of()).without().get(0);
    assertThat(without.levels()).isEqualTo("sequences");
    assertThat(without.score()).isCloseTo(score(bundle, List.of(row))[0], within(1e-5));
    assertThat(without.change()).isGreaterThan(1e-4);
    assertThat(without.share()).isEqualTo(1);
  }

  /** What the raw log has before each row: in all parts, or in training; and the row's own list. */
  @Test
  void explainsWhatRowsRead() {
    String user = rows.get(ROWS - 1).split(",", -1)[0];
    List<String> own = rows.stream().filter(line -> line.startsWith(user + ",")).toList();
    List<String> ofTest = own.stream().filter(line -> rows.indexOf(line) >= TEST).toList();
    List<String> clicked =
        own.stream()
            .filter(line -> rows.indexOf(line) < TRAINING && line.split(",", -1)[3].equals("1"))
            .toList();

    List<ExplainedRow> explained =
        experiment
            .explain(
                "one",
                new ExplanationRequest(user, null, null, Map.of(), Split.TEST, ROWS, 3),
                Progress.NONE)
            .rows();

    assertThat(explained).hasSameSizeAs(ofTest);
    assertThat(clicked).hasSizeGreaterThan(4);
    for (int i = 0; i < ofTest.size(); i++) {
      String line = ofTest.get(i);
      Map<String, List<String>> read = new HashMap<>();
      explained.get(i).sequences().forEach(each -> read.put(each.name(), each.values()));
      List<String> before = own.subList(0, own.indexOf(line));
      String seen = line.split(",", -1)[8];
      assertThat(read)
          .containsEntry("attended", newest(before, 1, 6))
          .containsEntry("mean", newest(clicked, 1, 50))
          .containsEntry("own", newest(clicked, 1, 4))
          .containsEntry("where", newest(clicked, 2, 4));
      List<String> shown = seen.isEmpty() ? List.of() : List.of(seen.split("\\|"));
      assertThat(read.get("seen-before"))
          .isEqualTo(newest(shown.stream().map(item -> "," + item).toList(), 1, 3));
    }
  }

  /** Returns a column of the last lines, the last first. */
  private static List<String> newest(List<String> lines, int column, int most) {
    List<String> values = new ArrayList<>();
    for (int i = lines.size() - 1; i >= Math.max(0, lines.size() - most); i--) {
      values.add(lines.get(i).split(",", -1)[column]);
    }
    return values;
  }

  private static ScoreParts explained(List<String> seen) {
    Map<String, String> values = Map.of("hour", "5", "seen", String.join("|", seen));
    Explanation explanation =
        experiment.explain(
            "one",
            new ExplanationRequest("17", "feed", "i7", values, Split.TEST, 2, 3),
            Progress.NONE);
    return explanation.rows().get(0).parts();
  }

  private static Map<String, Object> pair(List<String> seen) {
    Map<String, Object> row = new HashMap<>();
    row.put("user", "17");
    row.put("scenario", "feed");
    row.put("item", "i7");
    row.put("hour", "5");
    row.put("seen", seen);
    return row;
  }
}

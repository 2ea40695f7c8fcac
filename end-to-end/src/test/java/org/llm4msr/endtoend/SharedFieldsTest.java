package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.EmbeddingExport;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.TableFile;
import org.llm4msr.runtime.terms.ScoreParts.Term;
import org.llm4msr.serving.compiler.Compiler;

/**
 * A model whose fields share tables, have sizes of their own and a linear part, on its way from raw
 * files to scores. Tags and words share the table "terms", the item shown before that of the item.
 */
class SharedFieldsTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");
  private static final String FIELDS =
      "dataset.fields=[{column: hour}, {column: price, kind: numeric}, {column: tags, kind:"
          + " multi-categorical, vocabulary: terms}, {column: before, vocabulary: item}, {column:"
          + " city, table: users}, {column: words, table: items, kind: multi-categorical,"
          + " vocabulary: terms}]";
  private static final String SIZES = "model.embeddingSizes={user_id: 6, before: 3, hour: 2}";
  private static final String LINEAR = "model.linear=true";

  @TempDir static Path folder;
  private static List<String> rows;
  private static Experiment experiment;
  private static Path bundle;

  @BeforeAll
  static void train() throws IOException {
    rows = write(folder, 1, 1000, 1200);
    experiment = experiment(folder, SIZES, LINEAR);
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
  }

  /** Writes a shop whose log also has the item that was shown before. */
  private static List<String> write(Path shop, long seed, int firstTime, int count)
      throws IOException {
    List<String> plain = SmallShop.write(shop, seed, firstTime, count, 60, SCENARIOS).rows();
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < plain.size(); i++) {
      String before = i == 0 ? "" : plain.get(i - 1).split(",", -1)[1];
      rows.add(plain.get(i) + "," + before);
    }
    Files.writeString(
        shop.resolve("raw/inter.csv"),
        SmallShop.COLUMNS + ",before\n" + String.join("\n", rows) + "\n");
    return rows;
  }

  private static Experiment experiment(Path shop, String... further) {
    List<String> overrides = new ArrayList<>(List.of(SmallShop.PLAIN));
    overrides.add(FIELDS);
    overrides.addAll(List.of(further));
    return Experiment.fromYaml(shop.resolve("experiment.yaml"), overrides.toArray(String[]::new));
  }

  private static Map<String, Object> row(String line) {
    String[] values = line.split(",", -1);
    Map<String, Object> row = new HashMap<>();
    row.put("user", values[0]);
    row.put("item", values[1]);
    row.put("scenario", values[2]);
    row.put("hour", values[5]);
    row.put("price", values[6].isEmpty() ? null : Double.valueOf(values[6]));
    row.put("tags", values[7].isEmpty() ? List.of() : List.of(values[7].split("\\|")));
    row.put("before", values[8]);
    return row;
  }

  private static List<Map<String, Object>> testRows() {
    return rows.subList(1000, 1200).stream().map(SharedFieldsTest::row).toList();
  }

  private static float[] score(Path of, List<Map<String, Object>> rows) {
    try (Scorer scorer = Scorer.load(of)) {
      return scorer.score(rows);
    }
  }

  @Test
  void aBundleHasEachTableOnceAndScoresAsEvaluationDid() throws IOException {
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);

    try (Stream<Path> files = Files.list(bundle.resolve("tables"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              Stream.of("user_id", "item_id", "scenario", "hour", "price", "terms", "city")
                  .flatMap(name -> Stream.of(name + ".arrow", name + "~linear.arrow"))
                  .toArray(String[]::new));
    }
    assertThat(score(bundle, testRows()))
        .containsExactly(BundleTest.floats(predictions, "probability"), within(1e-6f));
    Path compiled = folder.resolve("compiled");
    new Compiler(ConfigLoader.standard(PluginRegistry.load()))
        .compile(Bundle.open(bundle), compiled);
    assertThat(score(compiled, testRows())).containsExactly(score(bundle, testRows()));
    assertThat(table("user_id", 6).rows()).isEqualTo(61);
    assertThat(table("hour", 2).rows()).isEqualTo(25);
    assertThat(table("terms", 4).rows()).isEqualTo(1 + 9 + 11);
  }

  private static EmbeddingTable table(String name, int dimension) throws IOException {
    PreparedIds ids = PreparedIds.open(bundle.resolve("data"));
    PreparedField field =
        ids.manifest().fields().stream()
            .filter(each -> each.tableName().equals(name.replace("~linear", "")))
            .findFirst()
            .orElseThrow();
    EmbeddingTable table = new EmbeddingTable(name, field.tableRows(), dimension, 0);
    TableFile.read(table, bundle.resolve("tables/" + name + ".arrow"));
    return table;
  }

  /** The weight of a raw value; of one that is not known, the first. */
  private static double weight(String field, String value) throws IOException {
    PreparedIds ids = PreparedIds.open(bundle.resolve("data"));
    PreparedField prepared =
        ids.manifest().fields().stream()
            .filter(each -> each.name().equals(field))
            .findFirst()
            .orElseThrow();
    int id = ids.values(prepared).indexOf(value) + 1;
    float[] weight = new float[1];
    table(prepared.tableName() + "~linear", 1).read(0, id, id + 1, weight);
    return weight[0];
  }

  private static double mean(String field, List<?> values) throws IOException {
    double sum = 0;
    for (Object value : values) {
      sum += weight(field, value.toString());
    }
    return values.isEmpty() ? weight(field, "") : sum / values.size();
  }

  /** The item i7 has the words w0, w7 and w14 mod 11; the user 12 lives in c3. */
  @Test
  void theLinearPartIsATermThatAddsUpTheWeightsOfTheValues() throws IOException {
    Map<String, String> with = Map.of("hour", "5", "price", "13.5", "tags", "a|c", "before", "i9");
    Explanation explanation =
        experiment.explain(
            "one",
            new ExplanationRequest("12", "feed", "i7", with, Split.TEST, 2, 3),
            Progress.NONE);
    PreparedField price =
        PreparedIds.open(bundle.resolve("data")).manifest().fields().stream()
            .filter(field -> field.name().equals("price"))
            .findFirst()
            .orElseThrow();
    float[] slope = new float[1];
    table("price~linear", 1).read(0, 0, 1, slope);
    double expected =
        weight("user_id", "12")
            + weight("item_id", "i7")
            + weight("scenario", "feed")
            + weight("hour", "5")
            + slope[0] * (13.5 - price.mean()) / price.deviation()
            + mean("tags", List.of("a", "c"))
            + weight("before", "i9")
            + weight("city", "c3")
            + mean("words", List.of("w0", "w7", "w3"));

    List<Term> terms = explanation.rows().get(0).parts().terms();
    assertThat(terms).extracting(Term::name).containsExactly("all but linear", "linear");
    assertThat(terms.get(1).value()).isCloseTo(expected, within(1e-6));
    assertThat(Math.abs(expected)).isGreaterThan(1e-3);
    assertThat(terms.get(0).value() + terms.get(1).value())
        .isCloseTo(explanation.rows().get(0).parts().logit(), within(1e-5));
  }

  @Test
  void exportWritesAFileOfEachField() throws IOException {
    Path exported = folder.resolve("exported");
    List<Path> files =
        new EmbeddingExport(Bundle.open(bundle)).write(List.of("before", "item_id"), exported);

    assertThat(files)
        .extracting(file -> file.getFileName().toString())
        .containsExactly(
            "item_id.arrow", "item_id~linear.arrow", "before.arrow", "before~linear.arrow");
    assertThat(files.get(0)).hasSameBinaryContentAs(files.get(2));
    assertThat(files.get(1)).hasSameBinaryContentAs(files.get(3));
  }

  @Test
  void anotherDayGoesOnFromTheBundle() throws IOException {
    Path later = folder.resolve("later");
    write(later, 2, 90_000, 600);
    String still = "training.optimizer.learningRate=1e-30";
    String raw = "training.calibration=off";
    String fixed = "model.backbone.batchNorm=false";
    Path before =
        experiment(folder, SIZES, LINEAR, raw, fixed).train("raw", Progress.NONE).bundle();
    Experiment second = experiment(later, SIZES, LINEAR, raw, fixed, still);
    second.prepare(false, before, Progress.NONE);
    Path after = second.train("still", new TrainingOptions(null, before), Progress.NONE).bundle();

    assertThat(score(after, testRows())).containsExactly(score(before, testRows()), within(1e-7f));
    assertThatThrownBy(
            () ->
                experiment(later, SIZES, raw, fixed)
                    .train("no", new TrainingOptions(null, before), Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining("model.linear was true and is now");
  }

  @Test
  void refusesSizesThatNoTableCanHave() {
    Map.of(
            "model.embeddingSizes={tags: 3, words: 5}",
            "[model/EMBEDDING_SIZES] model.embeddingSizes gives the vocabulary 'terms', which"
                + " several fields share, the sizes 3 and 5. Fix the section model.",
            "model.embeddingSizes={tag: 3}",
            "[model/EMBEDDING_SIZES] model.embeddingSizes names the field 'tag', which the data"
                + " does not have; it has [user_id, item_id, scenario, hour, price, tags, before,"
                + " city, words]. Fix the section model.")
        .forEach(
            (override, text) ->
                assertThatThrownBy(() -> experiment(folder, override).train("no", Progress.NONE))
                    .isInstanceOf(MsrException.class)
                    .hasMessage(text));
  }

  /** Of prepared data, and of raw data whose schema names the fields. */
  @ParameterizedTest
  @ValueSource(strings = {"workspace=work", "workspace=unprepared"})
  void theCheckTellsWhichFieldsTheModelCannotHave(String workspace) {
    assertThatThrownBy(
            () ->
                experiment(
                        folder,
                        workspace,
                        "model.embeddingSizes={tag: 3, hour: 2}",
                        "model.coldItems={field: prices}")
                    .check())
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll(
            "[config/INVALID]",
            "model.embeddingSizes.tag = 3 (-Dmodel.embeddingSizes): the data has no such field; it"
                + " has [user_id, item_id, scenario, hour, price, tags, before, city, words]. Did"
                + " you mean tags?",
            "model.coldItems.field = prices (-Dmodel.coldItems): is no categorical field of the"
                + " data; these are [user_id, item_id, scenario, hour, before, city]. Name one");
    assertThatThrownBy(
            () ->
                experiment(
                        folder,
                        workspace,
                        "model.embeddingSizes={tags: 3, words: 5}",
                        "model.coldItems={field: price}")
                    .check())
        .hasMessageContainingAll(
            "model.embeddingSizes (-Dmodel.embeddingSizes): gives the vocabulary 'terms', which"
                + " several fields share, the sizes 3 and 5",
            "model.coldItems.field = price (-Dmodel.coldItems): is no categorical field");
    assertThat(experiment(folder, workspace, SIZES).check()).isPresent();
  }
}

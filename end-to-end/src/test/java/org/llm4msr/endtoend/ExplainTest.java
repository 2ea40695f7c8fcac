package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.inject.AbstractModule;
import com.google.inject.Guice;
import com.google.inject.Module;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.assembly.ModelModule;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.EmbeddingExport;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.Explanation.Likeness;
import org.llm4msr.runtime.explanation.Explanation.Subject;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.report.ExplanationTables;
import org.llm4msr.runtime.report.RunReport;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.toolkit.safetensors.Tensor;
import org.w3c.dom.Document;

/** A model with all three levels, whose figures are worked out here from what it has saved. */
class ExplainTest {

  private static final String SMALL_MODEL =
      """
      model:
        embeddingSize: 2
        backbone: {name: shared-bottom, bottom: [8], tower: [4], batchNorm: false}
        fusion: {name: hierarchical}
        itemKnowledge: {}
        metaNetworks:
          user: {name: mlp, layers: [2], generatorHidden: 0}
          scenario: {name: mlp, layers: [2], generatorHidden: 0}
      training: {epochs: 2, batchSize: 256, optimizer: {learningRate: 0.05}, calibration: "off"}
      runtime: {threads: 1}
      """;

  private static final List<String> SCENARIOS = List.of("feed", "search", "home");

  @TempDir static Path folder;
  private static Path file;
  private static Experiment experiment;
  private static Path bundle;
  private static Map<String, Tensor> dense;
  private static Map<String, Tensor> scaling;

  @BeforeAll
  static void train() throws IOException {
    file = SmallShop.write(folder, 4, 1000, 3000, 60, SCENARIOS).experiment();
    String yaml = Files.readString(file);
    int fields = yaml.indexOf("  fields:");
    yaml =
        yaml.substring(0, fields)
            + "  fields: []\n"
            + yaml.substring(yaml.indexOf("  users:"), yaml.indexOf("model:"))
                .replace("dimension: 16}", "dimension: 3}\n  items: {}\n  minInteractions: 14")
            + SMALL_MODEL;
    Files.writeString(file, yaml);
    experiment = Experiment.fromYaml(file);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("default", Progress.NONE).bundle();
    dense = Safetensors.read(bundle.resolve("dense.safetensors"));
    scaling = Safetensors.read(bundle.resolve("knowledge-scaling.safetensors"));
  }

  private static ExplanationRequest request(
      @Nullable String user, @Nullable String scenario, @Nullable String item) {
    return new ExplanationRequest(user, scenario, item, Map.of(), Split.TEST, 2, 3);
  }

  private static Explanation explain(
      @Nullable String user, @Nullable String scenario, @Nullable String item) {
    return experiment.explain("default", request(user, scenario, item), Progress.NONE);
  }

  /** Returns users with a vector first, or those without. */
  private static String user(boolean known) {
    KnowledgeSource users = KnowledgeStore.open(bundle.resolve("knowledge")).users();
    for (int user = 0; user < 60; user++) {
      if (users.read(String.valueOf(user), new float[3]) == known) {
        return String.valueOf(user);
      }
    }
    throw new AssertionError("no such user");
  }

  private static double[] values(Map<String, Tensor> tensors, String name) {
    float[] values = tensors.get(name).values().array();
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** The vector of a key less the mean, over the deviation. */
  private static double[] standardised(KnowledgeSource source, String level, String key) {
    float[] vector = new float[3];
    assertThat(source.read(key, vector)).isTrue();
    double[] mean = values(scaling, level + "/mean");
    double[] deviation = values(scaling, level + "/deviation");
    double[] k = new double[3];
    for (int d = 0; d < 3; d++) {
      k[d] = (vector[d] - mean[d]) / deviation[d];
    }
    return k;
  }

  /** x W + b, for W of (in, out). */
  private static double[] linear(double[] x, double[] weight, double[] bias) {
    double[] y = bias.clone();
    for (int i = 0; i < x.length; i++) {
      for (int o = 0; o < y.length; o++) {
        y[o] += x[i] * weight[i * y.length + o];
      }
    }
    return y;
  }

  private static double[] relu(double[] x) {
    return DoubleStream.of(x).map(v -> Math.max(0, v)).toArray();
  }

  private static double[] layer(double[] x, String name) {
    return linear(x, values(dense, name + "/weight"), values(dense, name + "/bias"));
  }

  /** W = A k + C or b = a k + c. */
  private static double[] generated(String level, int layer, String what, double[] k) {
    String name = "meta/%s/layer.%d/%s".formatted(level, layer, what);
    return linear(k, values(dense, name), values(dense, name + "-base"));
  }

  private static double[] generatedLayers(String level, double[] k, double[] x) {
    double[] hidden =
        relu(linear(x, generated(level, 0, "weight", k), generated(level, 0, "bias", k)));
    return linear(hidden, generated(level, 1, "weight", k), generated(level, 1, "bias", k));
  }

  private static double[] joined(double[]... parts) {
    return Stream.of(parts).flatMapToDouble(DoubleStream::of).toArray();
  }

  /** The parts of a logit, worked out by hand. */
  private record Worked(double h, double l, double alpha) {

    double logit() {
      return h + alpha * (l - h);
    }
  }

  private static Worked worked(
      double[] embeddings, int rank, double[] user, double[] scenario, double[] item) {
    double[] x =
        joined(
            embeddings,
            linear(
                item,
                values(dense, "knowledge/item-knowledge/weight"),
                values(dense, "knowledge/item-knowledge/bias")));
    double[] bottom = generatedLayers("user", user, x);
    String tower = "backbone/tower." + rank;
    double h =
        layer(
            relu(layer(relu(layer(bottom, "backbone/bottom/layer.0")), tower + "/layer.0")),
            tower + "/logit")[0];
    double l = generatedLayers("scenario", scenario, x)[0];
    return new Worked(h, l, values(dense, "fusion/alpha")[0]);
  }

  /** The embeddings of a row, in the order of the fields; those of unknown values come first. */
  private static double[] embeddings(Map<String, String> row) throws IOException {
    List<Path> files =
        new EmbeddingExport(Bundle.open(bundle)).write(List.of(), folder.resolve("embeddings"));
    assertThat(files).hasSize(row.size());
    double[] all = {};
    for (Path table : files) {
      String value = row.get(table.getFileName().toString().replace(".arrow", ""));
      all = joined(all, embedding(table, value));
    }
    return all;
  }

  private static double[] embedding(Path table, String value) throws IOException {
    double[] unknown = {};
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(table);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        for (int row = 0; row < root.getRowCount(); row++) {
          List<?> vector = (List<?>) root.getVector("vector").getObject(row);
          double[] numbers =
              vector.stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray();
          Object name = root.getVector("value").getObject(row);
          if (name == null) {
            unknown = numbers;
          } else if (name.toString().equals(value)) {
            return numbers;
          }
        }
      }
    }
    return unknown;
  }

  @Test
  void everyFigureOfARowIsWhatTheSavedWeightsGive() throws IOException {
    String user = user(true);
    KnowledgeStore store = KnowledgeStore.open(bundle.resolve("knowledge"));
    double[] none = new double[3];
    double[] ofUser = standardised(store.users(), "users", user);
    double[] ofItem = standardised(store.items(), "items", "i3");
    Explanation explanation = explain(user, null, "i3");
    List<String> keys = explanation.scenarios().stream().map(one -> one.key()).toList();

    double[] changed = new double[4];
    assertThat(explanation.rows()).hasSize(3);
    for (ExplainedRow row : explanation.rows()) {
      int rank = keys.indexOf(row.scenario());
      double[] e = embeddings(Map.of("user_id", user, "item_id", "i3", "scenario", row.scenario()));
      double[] ofScenario = standardised(store.scenarios(), "scenarios", row.scenario());
      Worked whole = worked(e, rank, ofUser, ofScenario, ofItem);
      List<Worked> without =
          List.of(
              worked(e, rank, none, ofScenario, ofItem),
              worked(e, rank, ofUser, none, ofItem),
              worked(e, rank, ofUser, ofScenario, none),
              worked(e, rank, none, none, none));
      ScoreParts parts = row.parts();

      assertThat(parts.logit()).isCloseTo(whole.logit(), within(1e-5));
      assertThat(parts.score()).isCloseTo(1 / (1 + Math.exp(-whole.logit())), within(1e-5));
      assertThat(parts.terms().stream().map(ScoreParts.Term::name))
          .containsExactly("backbone (h)", "scenario level (l)");
      double first = (1 - whole.alpha()) * whole.h();
      double second = whole.alpha() * whole.l();
      assertThat(parts.terms().get(0).value()).isCloseTo(first, within(1e-5));
      assertThat(parts.terms().get(1).value()).isCloseTo(second, within(1e-5));
      assertThat(parts.terms().get(1).share())
          .isCloseTo(Math.abs(second) / (Math.abs(first) + Math.abs(second)), within(1e-4));
      assertThat(parts.without().stream().map(ScoreParts.Without::levels))
          .containsExactly("user", "scenario", "item", "all");
      double changes = 0;
      for (int k = 0; k < 3; k++) {
        changes += Math.abs(whole.logit() - without.get(k).logit());
      }
      for (int k = 0; k < 4; k++) {
        ScoreParts.Without found = parts.without().get(k);
        double change = Math.abs(whole.logit() - without.get(k).logit());
        assertThat(found.logit()).isCloseTo(without.get(k).logit(), within(1e-5));
        assertThat(found.score())
            .isCloseTo(1 / (1 + Math.exp(-without.get(k).logit())), within(1e-5));
        assertThat(found.change()).isCloseTo(change, within(1e-5));
        changed[k] += change;
        if (k < 3) {
          assertThat(found.share()).isCloseTo(change / changes, within(1e-3));
        }
      }
    }
    assertThat(changed).as("each level matters").doesNotContain(0);
  }

  @Test
  void scenariosAreComparedByVectorsAndByTheWeightsGeneratedFromThem() {
    KnowledgeStore store = KnowledgeStore.open(bundle.resolve("knowledge"));
    Explanation explanation = explain(null, null, null);
    List<double[]> stored = new ArrayList<>();
    List<double[]> read = new ArrayList<>();
    List<double[]> weights = new ArrayList<>();
    for (Explanation.ScenarioName scenario : explanation.scenarios()) {
      float[] vector = new float[3];
      store.scenarios().read(scenario.key(), vector);
      stored.add(new double[] {vector[0], vector[1], vector[2]});
      double[] k = standardised(store.scenarios(), "scenarios", scenario.key());
      read.add(k);
      weights.add(
          joined(
              generated("scenario", 0, "weight", k),
              generated("scenario", 0, "bias", k),
              generated("scenario", 1, "weight", k),
              generated("scenario", 1, "bias", k)));
    }

    assertThat(explanation.likenesses().stream().map(Likeness::what))
        .containsExactly("stored vectors", "vectors as the model reads them", "generated weights");
    assertThat(explanation.likenesses().get(2).numbers()).isEqualTo(8 * 2 + 2 + 2 + 1);
    assertCosines(explanation.likenesses().get(0), stored);
    assertCosines(explanation.likenesses().get(1), read);
    assertCosines(explanation.likenesses().get(2), weights);
  }

  private static void assertCosines(Likeness likeness, List<double[]> vectors) {
    for (int a = 0; a < vectors.size(); a++) {
      for (int b = 0; b < vectors.size(); b++) {
        double cosine =
            product(vectors.get(a), vectors.get(b))
                / Math.sqrt(
                    product(vectors.get(a), vectors.get(a))
                        * product(vectors.get(b), vectors.get(b)));
        assertThat(likeness.cosines().get(a).get(b))
            .as(likeness.what())
            .isCloseTo(cosine, within(1e-5));
      }
    }
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Rows of a part are scored as evaluations score them, and means are theirs. */
  @Test
  void rowsOfTheDataHaveTheScoresOfAnEvaluation() throws IOException {
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("default", Split.TEST, predictions, Progress.NONE);
    float[] scores = BundleTest.floats(predictions, "probability");
    String user = user(true);
    ExplanationRequest all =
        new ExplanationRequest(user, null, null, Map.of(), Split.TEST, 1000, 1);
    Explanation explanation = experiment.explain("default", all, Progress.NONE);
    List<String> lines = Files.readAllLines(folder.resolve("raw/inter.csv")).subList(2501, 3001);
    List<String> rows = new ArrayList<>();
    List<Double> expected = new ArrayList<>();
    for (int row = 0; row < lines.size(); row++) {
      String[] cells = lines.get(row).split(",");
      if (cells[0].equals(user)) {
        rows.add(cells[2] + " " + cells[1] + " " + cells[3]);
        expected.add((double) scores[row]);
      }
    }

    assertThat(
            explanation.rows().stream().map(r -> r.scenario() + " " + r.item() + " " + r.label()))
        .containsExactlyElementsOf(rows)
        .hasSizeGreaterThan(2);
    for (int row = 0; row < rows.size(); row++) {
      assertThat(explanation.rows().get(row).parts().score())
          .isCloseTo(expected.get(row), within(1e-5));
    }
    ScoreParts overall = explanation.means().get(explanation.means().size() - 1).parts();
    assertThat(overall.rows()).isEqualTo(rows.size());
    assertThat(overall.score())
        .isCloseTo(
            expected.stream().mapToDouble(Double::doubleValue).average().orElseThrow(),
            within(1e-5));
    double meanChange =
        explanation.rows().stream()
            .mapToDouble(row -> row.parts().without().get(0).change())
            .average()
            .orElseThrow();
    assertThat(overall.without().get(0).change()).isCloseTo(meanChange, within(1e-6));
    assertThat(explain(user, "feed", null).rows())
        .allSatisfy(row -> assertThat(row.scenario()).isEqualTo("feed"))
        .isNotEmpty();
    assertThat(explain(null, null, null).means().get(3).parts().rows()).isEqualTo(500);
  }

  @Test
  void alphaIsThatOfEachEpoch() throws IOException {
    List<String> lines =
        Files.readAllLines(experiment.workspace().run("default").resolve("metrics.jsonl"));

    assertThat(explain(user(true), "feed", null).watched())
        .extracting(look -> look.epoch() + ": " + look.values().keySet())
        .containsExactly("1: [fusion/alpha]", "2: [fusion/alpha]");
    String alpha =
        String.valueOf(
            explain(user(true), "feed", null).watched().get(1).values().get("fusion/alpha"));
    assertThat(lines.get(lines.size() - 1)).contains("\"fusion/alpha\":" + alpha);
  }

  @Test
  void aUserWithoutAVectorHasNoShareOfTheirLevel() {
    Explanation explanation = explain(user(false), "feed", "i3");

    Subject subject = explanation.subjects().get(0);
    assertThat(subject.level()).isEqualTo(Level.USER);
    assertThat(subject.knowledge()).isNull();
    assertThat(explanation.rows().get(0).parts().without().get(0).change()).isZero();
    assertThat(text(explanation)).contains("It has no vector, so the model reads what all users");
  }

  private static String text(Explanation explanation) {
    return new ExplanationTables(explanation)
        .parts().stream().map(part -> part.title() + "\n" + part.text()).toList().toString();
  }

  @Test
  void promptsAndNeighboursAreThoseOfTheStore() {
    String user = user(true);
    Explanation explanation = explain(user, "feed", "i3");

    assertThat(explanation.subjects().stream().map(Subject::level))
        .containsExactly(Level.USER, Level.SCENARIO, Level.ITEM);
    for (Subject subject : explanation.subjects()) {
      assertThat(subject.knowledge())
          .isEqualTo(experiment.nearest(subject.level(), subject.key(), 3));
      assertThat(subject.read()).isTrue();
    }
  }

  @Test
  void aModelWithoutKnowledgeSaysSo() {
    Experiment plain = plain("plain");
    Explanation explanation = plain.explain("plain", request("11", "feed", "i3"), Progress.NONE);

    assertThat(explanation.levels()).isEmpty();
    assertThat(explanation.subjects()).isEmpty();
    assertThat(explanation.likenesses()).isEmpty();
    assertThat(explanation.rows().get(0).parts().without()).isEmpty();
    assertThat(text(explanation))
        .contains("The model reads no knowledge", "The head none names no terms of its logit");
  }

  private static Experiment plain(String run, Module... replacements) {
    List<String> overrides = List.of("model.fusion=none", "model.itemKnowledge=null");
    Experiment plain =
        Guice.createInjector(new RuntimeModule())
            .getInstance(Experiments.class)
            .open(file, overrides, replacements);
    plain.train(run, Progress.NONE);
    return plain;
  }

  @Test
  void whatTheDataDoesNotHaveIsRefusedByName() {
    assertThatThrownBy(() -> explain("61x", null, null))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[explain/UNKNOWN_USER]")
        .hasMessageContaining("has no user '61x'")
        .hasMessageContaining("such as ");
    assertThatThrownBy(() -> explain("11", "feet", null))
        .hasMessageContaining("[explain/UNKNOWN_SCENARIO]")
        .hasMessageContaining("has no scenario 'feet'. Did you mean feed?");
    assertThatThrownBy(() -> explain("11", "feed", "i9999"))
        .hasMessageContaining("[explain/UNKNOWN_ITEM]")
        .hasMessageContaining("has no item 'i9999'");
    assertThatThrownBy(() -> experiment.explain("none", request("11", null, null), Progress.NONE))
        .hasMessageContaining("[training/NO_RUN]");
  }

  /** A head whose terms are not those of its logit. */
  @Plugin(name = "wrong", description = "A head that tells half of the truth")
  public static final class Wrong implements FusionHeadFactory<Wrong.None> {

    /** No settings. */
    public record None() {}

    @Override
    public Class<None> configType() {
      return None.class;
    }

    @Override
    public Set<ModelInput> requires(None config) {
      return Set.of();
    }

    @Override
    public FusionHead create(None config, FusionContext context) {
      Backbone backbone = context.backbone(context.model().layout());
      return (pass, features) -> {
        var logit = backbone.forward(pass, features).logit().add(1);
        pass.term("half", () -> logit.mul(0.5f));
        return logit;
      };
    }
  }

  @Test
  void termsThatAreNotThoseOfTheLogitAreRefused() {
    Experiment wrong =
        plain(
            "wrong",
            new AbstractModule() {
              @Override
              protected void configure() {
                bind(ModelModule.FUSION_HEAD)
                    .toInstance(PluginChoice.of("wrong", new Wrong(), new Wrong.None()));
              }
            });

    assertThatThrownBy(() -> wrong.explain("wrong", request("11", "feed", "i3"), Progress.NONE))
        .hasMessageContaining("[explain/TERMS] The terms that the fusion head 'wrong' names");
  }

  @Test
  void theCommandPrintsItAndTheReportShowsIt() throws Exception {
    String user = user(true);
    assertThat(InProcess.run("explain", file.toString(), "--user", user))
        .contains("Run default, fusion head hierarchical")
        .contains("The model reads the knowledge of users, scenarios and items.")
        .contains("user " + user + "\n")
        .contains("of it scenario level (l)")
        .contains("without user", "without scenario", "without item", "without all");

    Document page = ReportTest.parse(new RunReport(experiment, "default").page().html());
    ReportTest.assertSelfContained(page);
    assertThat(
            ReportTest.elements(page, "section").stream()
                .map(section -> section.getAttribute("id")))
        .contains("explanation");
    assertThat(
            ReportTest.elements(page, "figcaption").stream()
                .map(caption -> caption.getTextContent()))
        .contains(
            "Cosines between the scenarios: stored vectors (3 numbers each)",
            "Cosines between the scenarios: generated weights (21 numbers each)");
  }
}

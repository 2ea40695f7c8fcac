package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.report.ExplanationTables;
import org.llm4msr.runtime.scoring.RowScores;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.export.OnnxExporter;
import org.llm4msr.serving.publishing.Publication;
import org.llm4msr.serving.publishing.PublishRequest;
import org.llm4msr.serving.publishing.Publisher;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** An enhanced model of several labels where it is served, beside what the scorer gives. */
class LabelServingTest {

  private static final List<String> NAMES = List.of("like", "buy");
  private static final int ITEMS = 30;
  private static final Map<String, Object> CONTEXT =
      Map.of("hour", 3, "price", 12.5, "tags", List.of("a"));

  @TempDir static Path folder;
  private static Experiment experiment;
  private static Path bundle;
  private static Path compiled;
  private static Path plain;
  private static RowScores expected;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = LabelledShop.write(folder.resolve("shop"), 1, 1000);
    experiment = Experiment.fromYaml(shop.experiment(), LabelledShop.LABELS, "training.epochs=2");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("labels", Progress.NONE).bundle();
    compiled = folder.resolve("compiled");
    new Compiler(ServedShop.loader()).compile(Bundle.open(bundle), compiled);
    Experiment like =
        Experiment.fromYaml(
            shop.experiment(), "model.labels={like: {}}", "model.fusion=none", "training.epochs=1");
    plain = like.train("like", Progress.NONE).bundle();
    try (Scorer scorer = Scorer.load(bundle)) {
      expected = scorer.scoreLabels(RawRows.of(rows("feed")), 0, null);
    }
    start().close(); // Threads that all servers share are there then.
  }

  private static List<Map<String, Object>> rows(String scenario) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      Map<String, Object> row = new HashMap<>(CONTEXT);
      row.putAll(Map.of("user", "17", "scenario", scenario, "item", "i" + i));
      rows.add(row);
    }
    return rows;
  }

  private static RankRequest request() {
    List<RankItem> items = IntStream.range(0, ITEMS).mapToObj(i -> new RankItem("i" + i)).toList();
    return new RankRequest("17", "feed", items).with(CONTEXT);
  }

  private static RankingServer start(String... settings) {
    return ServedShop.serve(compiled, settings);
  }

  @Test
  void flightAnswersAColumnALabel() throws Exception {
    List<String> texts = List.of("user", "scenario", "item", "hour", "price", "tags");
    Schema schema =
        new Schema(
            texts.stream().map(name -> Field.nullable(name, ArrowType.Utf8.INSTANCE)).toList());
    try (RankingServer server = start("models.plain.bundle=" + plain);
        BufferAllocator allocator = new RootAllocator();
        FlightClient client =
            FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.port()))
                .build();
        VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator)) {
      List<Map<String, Object>> rows = rows("feed");
      for (int i = 0; i < ITEMS; i++) {
        rows.get(i).put("tags", "a");
        for (String name : texts) {
          ((VarCharVector) root.getVector(name))
              .setSafe(i, new Text(rows.get(i).get(name).toString()));
        }
      }
      root.setRowCount(ITEMS);
      assertThat(exchange(client, root, "main"))
          .containsExactly("probability", "probability_like", "probability_buy");
      assertThat(exchange(client, root, "plain"))
          .containsExactly("probability", "probability_like");
    }
  }

  @Test
  void aRankerGivesAllLabels() {
    try (Ranker ranker = Ranker.open(compiled)) {
      RankResult ranked = ranker.rank(request());
      assertThat(ranked.labels()).isEqualTo(NAMES);
      for (int i = 0; i < ITEMS; i++) {
        assertThat(ranked.probability(i)).isCloseTo(expected.scores()[i], within(1e-5f));
        for (int l = 0; l < 2; l++) {
          assertThat(ranked.probability(l, i)).isCloseTo(expected.further()[l][i], within(1e-5f));
        }
      }
    }
  }

  /** Sends the rows twice, and returns the columns that come. */
  private static List<String> exchange(FlightClient client, VectorSchemaRoot root, String model)
      throws Exception {
    try (FlightClient.ExchangeReaderWriter call = client.doExchange(FlightDescriptor.path(model))) {
      call.getWriter().start(root);
      for (int time = 0; time < 2; time++) {
        call.getWriter().putNext();
        assertThat(call.getReader().next()).isTrue();
        VectorSchemaRoot answer = call.getReader().getRoot();
        assertThat(answer.getRowCount()).isEqualTo(ITEMS);
        if (model.equals("main")) {
          requireExpected(answer, "probability", expected.scores());
          requireExpected(answer, "probability_like", expected.further()[0]);
          requireExpected(answer, "probability_buy", expected.further()[1]);
        }
      }
      call.getWriter().completed();
      return call.getReader().getSchema().getFields().stream().map(Field::getName).toList();
    }
  }

  private static void requireExpected(VectorSchemaRoot root, String column, float[] values) {
    Float4Vector found = (Float4Vector) root.getVector(column);
    for (int i = 0; i < ITEMS; i++) {
      assertThat(found.get(i)).isCloseTo(values[i], within(1e-5f));
    }
  }

  /** The probability follows from the logit, and without its vector a user is as one without. */
  @Test
  void explanationsTellOfAllLabels() {
    Calibration calibration = Bundle.open(bundle).manifest().calibration();
    try (Ranker ranker = Ranker.open(bundle)) {
      List<ScoreParts> parts =
          ranker.explain(request()).items().stream().map(item -> item.score()).toList();
      double moved = 0;
      for (int i = 0; i < ITEMS; i++) {
        assertThat(parts.get(i).labels()).extracting(ScoreParts.LabelParts::label).isEqualTo(NAMES);
        for (int l = 0; l < 2; l++) {
          ScoreParts.LabelParts label = parts.get(i).labels().get(l);
          Calibration.Line line =
              calibration.labels().get(NAMES.get(l)).stream()
                  .filter(each -> each.scenario().equals("feed"))
                  .findFirst()
                  .orElseThrow();
          assertThat(label.score()).isCloseTo(expected.further()[l][i], within(1e-5));
          assertThat(label.score())
              .isCloseTo(
                  1 / (1 + Math.exp(-(line.slope() * label.logit() + line.offset()))),
                  within(1e-5));
          assertThat(label.without())
              .extracting(ScoreParts.Without::levels)
              .containsExactly("user", "scenario", "all");
          moved += label.without().get(0).change();
          assertThat(label.without().get(0).change())
              .isCloseTo(Math.abs(label.logit() - label.without().get(0).logit()), within(1e-6));
        }
      }
      assertThat(moved).isPositive();
      RankRequest stranger = new RankRequest("nobody", "feed", request().items()).with(CONTEXT);
      ScoreParts.LabelParts buy = ranker.explain(stranger).items().get(0).score().labels().get(1);
      assertThat(buy.without().get(0).logit()).isCloseTo(buy.logit(), within(1e-5));
    }
  }

  @Test
  void theExplanationOfARunHasTheMeansOfAllLabels() {
    Explanation explanation =
        experiment.explain(
            "labels",
            new ExplanationRequest(null, null, null, Map.of(), Split.TEST, 2, 3),
            Progress.NONE);
    Explanation.ScenarioMeans overall = explanation.means().get(explanation.means().size() - 1);
    double mean =
        experiment
            .evaluate("labels", Split.TEST, null, Progress.NONE)
            .result()
            .labels()
            .get(1)
            .overall()
            .value("meanPrediction");

    assertThat(overall.parts().labels().get(1).score()).isCloseTo(mean, within(1e-5));
    assertThat(new ExplanationTables(explanation).parts().toString())
        .contains("label like", "label buy without user");
  }

  /** Recorded graphs of the user and the scenario, with an output a label. */
  @Test
  void exportedGraphsGiveAllLabels() throws Exception {
    Path exported = folder.resolve("exported");
    new OnnxExporter(ServedShop.loader()).export(Bundle.open(bundle), exported);
    JsonNode encoder = ServedShop.JSON.readTree(exported.resolve("encoder.json").toFile());
    assertThat(encoder.at("/labels/buy/name").asText()).isEqualTo("probability_buy");
    ScoringConfig config =
        BundleModel.config(
            Bundle.open(bundle), List.of("scoring.precision=float32"), ServedShop.loader());
    RowEncoder rows = BundleModel.encoder(Bundle.open(bundle), config);
    try (TensorEngine engine = TensorEngine.open(config.runtime());
        InferenceModel model = BundleModel.load(Bundle.open(bundle), config, rows, engine);
        Scorer scorer = Scorer.load(bundle)) {
      for (String scenario : LabelledShop.SCENARIOS) {
        RowScores scores = scorer.scoreLabels(RawRows.of(rows(scenario)), 0, null);
        RowBinding binding = rows.bind(rows(scenario).get(0).keySet());
        Batch batch = binding.newBatch(ITEMS);
        binding.encode(RawRows.of(rows(scenario)), 0, ITEMS, 0, batch);
        Map<String, Object> inputs = new HashMap<>();
        inputs.put("scenario", new long[] {encoder.at("/scenarios/" + scenario).asLong()});
        inputs.put(
            "rows", filled(ITEMS, model.widths().flat(), f -> model.numbers().rows(batch, f)));
        float[][] users =
            filled(ITEMS, model.widths().users(), f -> model.numbers().users(batch, f));
        inputs.put("user", new float[][] {users[0]});
        Map<String, float[]> found = run(exported.resolve("scorer.onnx"), inputs);
        assertThat(found.get("probability")).containsExactly(scores.scores(), within(1e-5f));
        for (int l = 0; l < 2; l++) {
          assertThat(found.get("probability_" + NAMES.get(l)))
              .containsExactly(scores.further()[l], within(1e-5f));
        }
      }
    }
    try (OrtSession full =
        OrtEnvironment.getEnvironment().createSession(exported.resolve("full.onnx").toString())) {
      assertThat(full.getOutputNames())
          .containsExactlyInAnyOrder("probability", "probability_like", "probability_buy");
    }
  }

  private interface Filling {
    void fill(FloatBuffer target);
  }

  private static float[][] filled(int rows, int width, Filling filling) {
    FloatBuffer target = new BatchInputs().floats((long) rows * width);
    filling.fill(target);
    float[][] values = new float[rows][width];
    for (int row = 0; row < rows; row++) {
      target.get(row * width, values[row]);
    }
    return values;
  }

  private static Map<String, float[]> run(Path graph, Map<String, Object> inputs)
      throws OrtException {
    OrtEnvironment onnx = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    Map<String, float[]> outputs = new HashMap<>();
    try (OrtSession session = onnx.createSession(graph.toString())) {
      for (Map.Entry<String, Object> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(onnx, input.getValue()));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        for (Map.Entry<String, ?> output : result) {
          outputs.put(
              output.getKey(), (float[]) result.get(output.getKey()).orElseThrow().getValue());
        }
      }
    }
    return outputs;
  }

  /** The rows of a publication have the main label alone: its calibration is new, others stay. */
  @Test
  void publishingKeepsTheCalibrationOfFurtherLabels() {
    Publication published =
        new Publisher(ServedShop.loader(), Clock.systemUTC())
            .publish(
                Bundle.open(bundle),
                new PublishRequest(
                    folder.resolve("versions"),
                    "v1",
                    folder.resolve("shop/raw/inter.csv"),
                    "|",
                    true));
    Calibration before = Bundle.open(bundle).manifest().calibration();
    Calibration now = Bundle.open(published.folder()).manifest().calibration();

    assertThat(now.labels()).isEqualTo(before.labels()).hasSize(2);
    assertThat(now.scenarios()).isNotEqualTo(before.scenarios());
  }
}

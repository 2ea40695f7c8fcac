package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.inject.Guice;
import com.google.protobuf.util.JsonFormat;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.TuningResult;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.Ranker;

/**
 * Lists with weights, and fields that read one column, on their way from files to scores: with
 * shared tables, sizes of their own and first-order weights.
 */
class ListWeightsTest {

  private static final String FIELDS =
      "dataset.fields=[{column: hour}, {name: cost, column: price, kind: bucketed, buckets: 8},"
          + " {column: price, kind: numeric}, {column: tags, kind: multi-categorical, weights:"
          + " scores, vocabulary: words}, {name: tag_hash, column: tags, kind: multi-hashed,"
          + " buckets: 50, weights: scores}, {column: city, table: users}, {name: city_hash,"
          + " column: city, table: users, kind: hashed, buckets: 30}, {column: age, table: users,"
          + " kind: numeric}, {name: ages, column: age, table: users, kind: bucketed, bounds: [25,"
          + " 40, 60]}, {column: kind, table: items}, {column: words, table: items, kind:"
          + " multi-categorical, weightMark: ':'}, {name: word_hash, column: words, table: items,"
          + " kind: multi-hashed, buckets: 9, weightMark: ':'}, {name: cost_kind, cross: [cost,"
          + " kind]}]";

  private static final String[] SETTINGS = {
    FIELDS,
    "training.epochs=2",
    "model.backbone={name: shared-bottom, bottom: [8], tower: [4], batchNorm: false}",
    "model.fusion=none",
    "model.linear=true",
    "model.embeddingSizes={word_hash: 3, cost: 2}",
    "training.loss={name: focal}",
    "evaluation.slices=[cost, tags, words]"
  };

  private static final Map<String, Object> CONTEXT =
      Map.of(
          "hour",
          3,
          "price",
          12.5,
          "tags",
          List.of("a", "c", "zz"),
          "tags.weights",
          List.of(0.5, 3, 2));

  @TempDir static Path folder;
  private static TrainedShop model;
  private static List<String> testRows;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1500, 60, List.of("feed", "search"));
    testRows = addWeights(shop).subList(1250, 1500);
    model = TrainedShop.of(shop, SETTINGS);
    serve().close(); // Threads of Armeria that stay are none that a test leaves.
  }

  /** Adds a column of weights to the log, and weights to the words of items. */
  private static List<String> addWeights(SmallShop shop) throws IOException {
    Random random = new Random(8);
    List<String> rows = new ArrayList<>();
    for (String row : shop.rows()) {
      String tags = row.substring(row.lastIndexOf(',') + 1);
      List<String> weights = new ArrayList<>();
      for (int i = 0; !tags.isEmpty() && i < tags.split("\\|", -1).length; i++) {
        weights.add(random.nextInt(6) == 0 ? "" : String.valueOf(random.nextInt(40) / 8.0));
      }
      rows.add(row + "," + (random.nextInt(5) == 0 ? "" : String.join("|", weights)));
    }
    write("inter.csv", SmallShop.COLUMNS + ",scores", rows);
    List<String> items = Files.readAllLines(folder.resolve("raw/items.csv"));
    items.replaceAll(line -> line.replaceAll("\\b(w\\d)(?=[|,])", "$1:0.75"));
    write("items.csv", items.get(0), items.subList(1, items.size()));
    return rows;
  }

  private static void write(String file, String header, List<String> rows) throws IOException {
    Files.writeString(
        folder.resolve("raw").resolve(file), header + "\n" + String.join("\n", rows) + "\n");
  }

  /** A derived field has no column of its own; weights are in one that the list's name begins. */
  @Test
  void rawRowsAreScoredAsTheyWereEvaluated() throws IOException {
    model.assertScoresAsEvaluated(SmallShop.COLUMNS + ",tags.weights", testRows);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void requestsAreRankedAsTheirRowsAreScored(boolean isCompiled) {
    List<RankItem> own = TrainedShop.items();
    own.set(3, new RankItem("i3", Map.of("price", 2)));
    own.set(5, new RankItem("i5", Map.of("words", List.of("w1", "w3"))));
    own.set(7, new RankItem("i7", Map.of("tags", List.of("b", "d"))));
    own.set(
        8, new RankItem("i8", Map.of("tags", List.of("b", "d"), "tags.weights", List.of(9, 1))));
    own.set(
        9,
        new RankItem(
            "new", Map.of("words", List.of("w1", "w3"), "words.weights", List.of(0.1, 5))));
    Map<String, Object> more = new HashMap<>(CONTEXT);
    more.put("age", 33);
    more.put("city", "never seen");
    more.put("tags.weights", null);
    try (Ranker ranker = model.ranker(isCompiled)) {
      assertThat(ranker.isCompiled()).isEqualTo(isCompiled);
      for (Object user : List.of(17, "nobody")) {
        model.assertRanksAsItScores(
            ranker, new RankRequest(user, "search", TrainedShop.items()).with(CONTEXT));
        model.assertRanksAsItScores(ranker, new RankRequest(user, "feed", own).with(CONTEXT));
        model.assertRanksAsItScores(ranker, new RankRequest(user, "feed", own).with(more));
      }
    }
  }

  /** Weights change what a list says. */
  @Test
  void weightsCount() {
    Map<String, Object> row = new HashMap<>(CONTEXT);
    row.putAll(Map.of("user", 17, "scenario", "feed", "item", "i4"));
    Map<String, Object> other = new HashMap<>(row);
    other.put("tags.weights", List.of(3, 0.5, 2));
    Map<String, Object> twice = new HashMap<>(row);
    twice.put("tags.weights", List.of(1, 6, 4));
    try (Scorer scorer = Scorer.load(model.bundle())) {
      float[] scores = scorer.score(List.of(row, other, twice));
      assertThat(scores[0]).isNotCloseTo(scores[1], within(1e-7f));
      assertThat(scores[2]).isCloseTo(scores[0], within(1e-6f));
    }
  }

  /** What is told of a row is what a log of requests keeps. */
  @Test
  void aRowThatBringsWhatIsToldOfAnotherHasItsScore() {
    RankRequest request = new RankRequest(17, "feed", TrainedShop.items()).with(CONTEXT);
    List<Map<String, Object>> rows = new ArrayList<>();
    List<Map<String, Object>> told = new ArrayList<>();
    try (Ranker ranker = model.ranker(false)) {
      RowValues values = ranker.values();
      for (Object user : List.of(17, 21, 35)) {
        for (RankItem item : request.items()) {
          Map<String, Object> row = TrainedShop.row(request, item);
          row.put("user", user);
          rows.add(row);
          Map<String, Object> brought = new HashMap<>();
          RowValues.Row asked =
              new RowValues.Row(user, "feed", item.id(), request.context(), item.fields());
          for (RowValue value : values.of(asked, 0)) {
            brought.put(value.column().name(), value.value());
          }
          assertThat(brought)
              .containsOnlyKeys(
                  "hour",
                  "price",
                  "tags",
                  "tags.weights",
                  "city",
                  "age",
                  "kind",
                  "words",
                  "words.weights");
          brought.putAll(Map.of("user", user, "scenario", "feed", "item", item.id()));
          told.add(brought);
        }
      }
    }
    try (Scorer scorer = Scorer.load(model.bundle())) {
      assertThat(scorer.score(told)).containsExactly(scorer.score(rows), within(1e-6f));
    }
  }

  private static RankingServer serve(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of("port=0", "warmUpSeconds=0", "models.main.bundle=" + model.compiled()));
    all.addAll(List.of(settings));
    return RankingServer.start(
        TrainedShop.loader().bind(ServerConfig.class, all, "the test"), TrainedShop.loader());
  }

  private static JsonNode answer(RankingServer server, String context, String items, String more)
      throws Exception {
    String body =
        "{\"user\": \"17\", \"scenario\": \"feed\", \"context\": {%s}, \"items\": [%s]%s}"
            .formatted(context, items, more);
    HttpResponse<String> answer = ServedShop.post(server, body);
    assertThat(answer.statusCode()).describedAs(answer.body()).isEqualTo(200);
    return ServedShop.JSON.readTree(answer.body());
  }

  private static float expected(Map<String, Object> more) {
    Map<String, Object> row = new HashMap<>(more);
    row.putAll(Map.of("user", 17, "scenario", "feed"));
    try (Scorer scorer = Scorer.load(model.bundle())) {
      return scorer.score(List.of(row))[0];
    }
  }

  /** Over HTTP: the context, an item's own, and what a source of features knows. */
  @Test
  void serversAndFeatureSourcesTakeWeightsAndOneColumn() throws Exception {
    String context =
        "\"hour\": 3, \"price\": 12.5, \"tags\": [\"a\", \"c\", \"zz\"], \"tags.weights\": [0.5, 3,"
            + " 2]";
    String items =
        "{\"id\": \"i1\"}, {\"id\": \"i2\", \"fields\": {\"words\": [\"w1\", \"w3\"],"
            + " \"words.weights\": [4, 1]}}, {\"id\": \"i4\", \"fields\": {\"tags.weights\": [1]}}";
    try (FakeRedis redis = new FakeRedis();
        RankingServer server =
            serve(
                "features.timeoutMillis=2000",
                "features.source={name: redis, uri: 'redis://127.0.0.1:%d', prefix: 'shop:'}"
                    .formatted(redis.port()))) {
      redis.hashes.put(
          "shop:item:i1", Map.of("words", "[\"w2\", \"w5\"]", "words.weights", "[0.25, 1]"));
      redis.hashes.put("shop:item:i2", Map.of("words", "[\"w2\"]", "words.weights", "[9]"));
      redis.hashes.put("shop:item:i3", Map.of("words", "[\"w2\"]", "words.weights", "[9, 1]"));
      redis.hashes.put("shop:user:17", Map.of("age", "61", "tags.weights", "[7]"));

      Map<String, Object> row = new HashMap<>(CONTEXT);
      row.put("age", 61);
      row.putAll(
          Map.of("item", "i1", "words", List.of("w2", "w5"), "words.weights", List.of(0.25, 1)));
      float expected = expected(row);
      String all = items + ", {\"id\": \"i3\"}";
      // The server may have begun before its connection to the source.
      Await.until(
          () ->
              assertThat(probability(answer(server, context, all, "").get("items"), "i1"))
                  .isCloseTo(expected, within(1e-5f)));
      JsonNode found = answer(server, context, all, ", \"explain\": true").get("items");
      assertThat(probability(found, "i1")).isCloseTo(expected, within(1e-5f));
      row.putAll(
          Map.of("item", "i2", "words", List.of("w1", "w3"), "words.weights", List.of(4, 1)));
      assertThat(probability(found, "i2")).isCloseTo(expected(row), within(1e-5f));
      row.remove("words.weights"); // Those of i3 do not fit its list, and are lost alone.
      row.putAll(Map.of("item", "i3", "words", List.of("w2")));
      assertThat(probability(found, "i3")).isCloseTo(expected(row), within(1e-5f));
      assertThat(item(found, "i4").get("status").asText()).isEqualToIgnoringCase("malformed");
      assertThat(item(found, "i2").toString()).contains("words.weights", "[4.0,1.0]");
    }
  }

  /** Over gRPC and Flight: weights of the context and of an item. */
  @Test
  void messagesAndColumnsCarryWeights() throws Exception {
    Map<String, Object> row = new HashMap<>(CONTEXT);
    row.putAll(
        Map.of("item", "i2", "words", List.of("w1", "w3"), "words.weights", List.of(4.0, 1.0)));
    float expected = expected(row);
    try (RankingServer server = ServedShop.withAllThreads(serve())) {
      ManagedChannel channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
      try {
        org.llm4msr.protocol.v1.RankRequest.Builder message =
            org.llm4msr.protocol.v1.RankRequest.newBuilder();
        JsonFormat.parser()
            .merge(
                """
                {"user": "17", "scenario": "feed", "context": {"hour": 3, "price": 12.5,
                 "tags": ["a", "c", "zz"], "tags.weights": [0.5, 3, 2]}, "items": [{"id": "i2",
                 "fields": {"words": ["w1", "w3"], "words.weights": [4, 1]}}]}\
                """,
                message);
        assertThat(ServedShop.call(channel, message.build()).getItems(0).getProbability())
            .isCloseTo(expected, within(1e-5f));
      } finally {
        channel.shutdownNow();
      }
      row.putAll(Map.of("user", "17", "scenario", "feed", "hour", "3"));
      try (BufferAllocator allocator = new RootAllocator();
          VectorSchemaRoot root = new VectorSchemaRoot(vectors(allocator, row))) {
        root.setRowCount(1);
        assertThat(ServedShop.overFlight(server, root))
            .containsExactly(new float[] {expected}, within(1e-5f));
      }
    }
  }

  /** One row, a vector a column. */
  private static List<FieldVector> vectors(BufferAllocator allocator, Map<String, Object> row) {
    List<FieldVector> vectors = new ArrayList<>();
    row.forEach(
        (name, value) -> {
          if (value instanceof List<?> list) {
            ListVector vector = ListVector.empty(name, allocator);
            boolean isText = list.get(0) instanceof String;
            vector.addOrGetVector(
                FieldType.nullable(
                    isText
                        ? ArrowType.Utf8.INSTANCE
                        : new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)));
            int from = vector.startNewValue(0);
            for (int i = 0; i < list.size(); i++) {
              set(vector.getDataVector(), from + i, list.get(i));
            }
            vector.endValue(0, list.size());
            vector.setValueCount(1);
            vectors.add(vector);
          } else {
            FieldVector vector =
                value instanceof String
                    ? new VarCharVector(name, allocator)
                    : new Float8Vector(name, allocator);
            set(vector, 0, value);
            vector.setValueCount(1);
            vectors.add(vector);
          }
        });
    return vectors;
  }

  private static void set(FieldVector vector, int at, Object value) {
    if (vector instanceof VarCharVector texts) {
      texts.setSafe(at, new Text((String) value));
    } else {
      ((Float8Vector) vector).setSafe(at, ((Number) value).doubleValue());
    }
  }

  private static JsonNode item(JsonNode items, String id) {
    for (JsonNode item : items) {
      if (item.get("id").asText().equals(id)) {
        return item;
      }
    }
    throw new AssertionError("no " + id + " in " + items);
  }

  private static float probability(JsonNode items, String id) {
    return item(items, id).get("probability").floatValue();
  }

  @Test
  void aTuningSearchesModelsOfAllKinds() throws IOException {
    Path file = folder.resolve("tune.yaml");
    Files.writeString(
        file,
        """
        experiment: experiment.yaml
        settings: {model.fusion: none, training.epochs: 1, %s}
        space:
          model.embeddingSize: {values: [3, 4]}
          model.linear: {values: [true, false]}
        trials: 1
        """
            .formatted(FIELDS.replace("dataset.fields=", "dataset.fields: ")));

    TuningResult result =
        Guice.createInjector(new LabModule(new RuntimeModule()))
            .getInstance(Comparisons.class)
            .openTuning(file, List.of())
            .run(ComparisonView.NONE);

    assertThat(result.trials()).isNotEmpty().allMatch(trial -> trial.value() > 0);
  }

  @Test
  void anotherRunBeginsWithTheBundle() {
    String[] settings = SETTINGS.clone();
    settings[1] = "training={epochs: 1, optimizer: {name: sgd, learningRate: 1e-20}}";
    model.assertGoesOn(settings);
  }
}

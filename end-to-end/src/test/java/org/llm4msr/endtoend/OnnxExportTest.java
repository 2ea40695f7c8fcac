package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.primitives.Floats;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.Progress;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.PassNumbers;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.export.Exported;
import org.llm4msr.serving.export.OnnxExporter;

/** Exported graphs beside the scorer, on rows that are encoded by {@code encoder.json} alone. */
class OnnxExportTest {

  private static final List<String> SCENARIOS = List.of("feed", "search", "home");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final OrtEnvironment ONNX = OrtEnvironment.getEnvironment();

  @TempDir static Path folder;
  private static Bundle bundle;
  private static Path exported;
  private static JsonNode encoder;
  private static TensorEngine engine;
  private static InferenceModel model;
  private static RowEncoder rowEncoder;

  @BeforeAll
  static void train() throws IOException {
    SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
    Files.writeString(
        folder.resolve("raw/images.csv"),
        "item,image\n"
            + String.join(
                "\n",
                IntStream.range(0, 140)
                    .mapToObj(i -> "i%d,\"[%s, %s, 5]\"".formatted(i, i % 7 * 0.25, i % 11 - 4.5))
                    .toList()));
    Experiment experiment =
        Experiment.fromYaml(
            folder.resolve("experiment.yaml"),
            "dataset.fields=[{column: hour}, {column: price, kind: numeric}, {column: tags, kind:"
                + " multi-categorical, vocabulary: terms, weightMark: ':'}, {column: city, table: users},"
                + " {column: age, table: users,"
                + " kind: numeric}, {column: kind, table: items}, {column: words, table: items,"
                + " kind: multi-categorical, vocabulary: terms}, {name: image, table: items, kind: vector, file:"
                + " images.csv}, {name: price_range, column: price, kind: bucketed, buckets: 5},"
                + " {name: tag_hash, column: tags, kind: multi-hashed, buckets: 30}, {name: both,"
                + " cross: [kind, price_range]}, {name: all, cross: [kind, city, price_range],"
                + " buckets: 40}]",
            "training.epochs=1",
            "knowledge.items={}",
            "knowledge.history={length: 5, bins: 3}",
            "model.itemKnowledge={width: 4}",
            "model.embeddingSizes={hour: 3, words: 5, image: 2}",
            "model.linear=true",
            "model.coldItems={field: item_id, form: mix}");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = Bundle.open(experiment.train("model", Progress.NONE).bundle());
    exported = folder.resolve("exported");
    assertThat(new OnnxExporter(loader()).export(bundle, exported))
        .isEqualTo(new Exported(List.of("scorer.onnx", "full.onnx", "encoder.json"), null));
    encoder = JSON.readTree(exported.resolve("encoder.json").toFile());
    ScoringConfig config =
        BundleModel.config(bundle, List.of("scoring.precision=float32"), loader());
    rowEncoder = BundleModel.encoder(bundle, config);
    engine = TensorEngine.open(config.runtime());
    model = BundleModel.load(bundle, config, rowEncoder, engine);
  }

  @AfterAll
  static void close() {
    model.close();
    engine.close();
  }

  private static ConfigLoader loader() {
    return ConfigLoader.standard(PluginRegistry.load());
  }

  /** Returns rows of every kind of value, known and unknown and missing. */
  private static List<Map<String, Object>> rows(String user, String scenario) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Map<String, Object> row = new HashMap<>();
      row.put("user", user);
      row.put("scenario", scenario);
      row.put("item", i % 9 == 8 ? "new" + i : "i" + 3 * i);
      row.put("hour", i % 10 == 4 ? null : String.valueOf(i % 26));
      row.put("price", List.of(9.5, -3, Double.NaN, 40, Double.NEGATIVE_INFINITY).get(i % 5));
      row.put(
          "tags",
          List.of(List.of("a", "b"), List.of(), List.of("c", "zz"), List.of("zz")).get(i % 4));
      row.put("city", i % 8 == 0 ? null : "c" + i % 12);
      row.put("age", i % 6 == 0 ? null : 20 + i);
      row.put("kind", "k" + i % 5);
      row.put("words", List.of("w" + i % 12, "w3", "w7").subList(0, i % 4));
      row.put("tag_hash", row.get("tags"));
      if (i % 3 > 0) {
        List<Number> weights = new ArrayList<>(List.of(0.25 * (i % 7), 1.5));
        row.put("tags.weights", weights.subList(0, ((List<?>) row.get("tags")).size()));
      }
      row.put("image", i % 7 == 0 ? null : List.of(0.1 * i, i % 5 == 0 ? Double.NaN : 2.0, 5));
      rows.add(row);
    }
    return rows;
  }

  private static float[] expected(List<Map<String, Object>> rows) {
    try (Scorer scorer = Scorer.load(bundle.folder())) {
      return scorer.score(rows);
    }
  }

  @ParameterizedTest
  @CsvSource({"17, feed", "17, search", "17, home", "10, search", "nobody, home"})
  void bothGraphsGiveTheScorersProbabilities(String user, String scenario) throws Exception {
    List<Map<String, Object>> rows = rows(user, scenario);
    float[] expected = expected(rows);

    assertThat(new HashSet<>(Floats.asList(expected))).hasSizeGreaterThan(40);
    assertThat(run("full.onnx", fullInputs(rows))).containsExactly(expected, within(1e-5f));
    assertThat(run("scorer.onnx", scorerInputs(rows))).containsExactly(expected, within(1e-5f));
    List<Map<String, Object>> one = rows.subList(3, 4);
    assertThat(run("full.onnx", fullInputs(one))).containsExactly(expected(one), within(1e-5f));
  }

  private static Map<String, Object> fullInputs(List<Map<String, Object>> rows) {
    Map<String, Object> inputs = new HashMap<>();
    inputs.put("scenario", scenario(rows));
    encoder.get("fields").forEach(field -> addField(field, rows, inputs));
    inputs.put("user_index", new long[] {index(encoder.get("users"), rows.get(0))});
    inputs.put(
        "item_index", rows.stream().mapToLong(row -> index(encoder.get("items"), row)).toArray());
    inputs.put("history", history(rows));
    return inputs;
  }

  private static long[] scenario(List<Map<String, Object>> rows) {
    return new long[] {encoder.get("scenarios").get((String) rows.get(0).get("scenario")).asLong()};
  }

  private static long index(JsonNode keys, Map<String, Object> row) {
    String key = (String) row.get(keys.get("column").asText());
    return keys.get("index").path(key).asLong(keys.get("unknown").asLong());
  }

  private static void addField(
      JsonNode field, List<Map<String, Object>> rows, Map<String, Object> inputs) {
    if (!field.has("weights")) {
      inputs.put(field.get("input").asText(), field(field, rows));
      return;
    }
    String column = field.get("column").asText();
    long[][] ids = new long[rows.size()][2];
    float[][] weights = new float[rows.size()][2];
    for (int row = 0; row < ids.length; row++) {
      ids[row] = new long[] {0, -1};
      weights[row] = new float[] {1, 0};
      List<?> texts = (List<?>) rows.get(row).get(column);
      List<?> given = (List<?>) rows.get(row).get(column + ".weights");
      int count = 0;
      for (int i = 0; i < texts.size(); i++) {
        long id = field.get("ids").path((String) texts.get(i)).asLong(0);
        float weight = given == null ? 1 : ((Number) given.get(i)).floatValue();
        if (id > 0 && weight > 0) {
          ids[row][count] = id;
          weights[row][count++] = weight;
        }
      }
    }
    inputs.put(field.get("input").asText(), ids);
    inputs.put(field.get("weights").asText(), weights);
  }

  private static Object field(JsonNode field, List<Map<String, Object>> rows) {
    List<Object> values = new ArrayList<>();
    rows.forEach(row -> values.add(row.get(field.path("column").asText())));
    JsonNode ids = field.get("ids");
    return switch (field.get("kind").asText()) {
      case "bucketed" -> values.stream().mapToLong(value -> range(field, number(value))).toArray();
      case "multi-hashed" -> {
        long[][] lists = new long[rows.size()][2];
        for (int row = 0; row < lists.length; row++) {
          Arrays.fill(lists[row], -1);
          lists[row][0] = 0;
          List<?> texts = (List<?>) values.get(row);
          for (int i = 0; i < texts.size(); i++) {
            lists[row][i] = hash(field, (String) texts.get(i));
          }
        }
        yield lists;
      }
      case "crossed" -> rows.stream().mapToLong(row -> cross(field, row)).toArray();
      case "categorical" ->
          values.stream().mapToLong(value -> ids.path(String.valueOf(value)).asLong(0)).toArray();
      case "multi-categorical" -> {
        long[][] lists = new long[rows.size()][4];
        for (int row = 0; row < lists.length; row++) {
          long[] known =
              ((List<?>) values.get(row))
                  .stream()
                      .mapToLong(value -> ids.path((String) value).asLong(0))
                      .filter(id -> id > 0)
                      .toArray();
          Arrays.fill(lists[row], -1);
          lists[row][0] = 0;
          System.arraycopy(known, 0, lists[row], 0, known.length);
        }
        yield lists;
      }
      case "numeric" -> values.stream().mapToDouble(OnnxExportTest::number).toArray();
      case "vector" -> {
        double[][] vectors = new double[rows.size()][field.get("mean").size()];
        for (int row = 0; row < vectors.length; row++) {
          Arrays.fill(vectors[row], Double.NaN);
          if (values.get(row) instanceof List<?> vector) {
            Arrays.setAll(vectors[row], k -> number(vector.get(k)));
          }
        }
        yield vectors;
      }
      default -> throw new AssertionError(field);
    };
  }

  private static long range(JsonNode field, double number) {
    long id = 1;
    for (JsonNode bound : field.get("bounds")) {
      id += bound.asDouble() < number ? 1 : 0;
    }
    return Double.isFinite(number) ? id : 0;
  }

  private static long hash(JsonNode field, String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
      String digits = HexFormat.of().formatHex(digest).substring(0, 15);
      return 1 + Long.parseLong(digits, 16) % field.get("buckets").asLong();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static long cross(JsonNode field, Map<String, Object> row) {
    List<String> texts = new ArrayList<>();
    for (JsonNode name : field.get("parts")) {
      JsonNode part =
          StreamSupport.stream(encoder.get("fields").spliterator(), false)
              .filter(each -> each.get("name").equals(name))
              .findFirst()
              .orElseThrow();
      JsonNode ids = part.get("ids");
      Object value = row.get(part.get("column").asText());
      long id =
          part.has("bounds")
              ? range(part, number(value))
              : ids.path(String.valueOf(value)).asLong(0);
      texts.add(
          ids.properties().stream()
              .filter(entry -> entry.getValue().asLong() == id)
              .map(Map.Entry::getKey)
              .findFirst()
              .orElse("\\-"));
    }
    if (texts.stream().allMatch("\\-"::equals)) {
      return 0;
    }
    String text = String.join(" & ", texts);
    return field.has("buckets") ? hash(field, text) : field.get("ids").path(text).asLong(0);
  }

  private static double number(Object value) {
    return value == null ? Double.NaN : ((Number) value).doubleValue();
  }

  private static Map<String, Object> scorerInputs(List<Map<String, Object>> rows) {
    Batch batch = batch(rows);
    PassNumbers numbers = model.numbers();
    Map<String, Object> inputs = new HashMap<>();
    inputs.put("scenario", scenario(rows));
    inputs.put("rows", filled(batch, model.widths().flat(), numbers::rows));
    inputs.put("items", filled(batch, model.widths().items(), numbers::items));
    inputs.put("user", Arrays.copyOf(filled(batch, model.widths().users(), numbers::users), 1));
    inputs.put("history", history(rows));
    return inputs;
  }

  /** What of the past is like an item, is nothing that a file tells. */
  private static float[][] history(List<Map<String, Object>> rows) {
    return filled(batch(rows), model.widths().history(), model.numbers()::history);
  }

  private static Batch batch(List<Map<String, Object>> rows) {
    RowBinding binding = rowEncoder.bind(rows.get(0).keySet());
    Batch batch = binding.newBatch(rows.size());
    binding.encode(RawRows.of(rows), 0, rows.size(), 0, batch);
    return batch;
  }

  private interface Filling {
    void fill(Batch batch, FloatBuffer target);
  }

  private static float[][] filled(Batch batch, int width, Filling filling) {
    FloatBuffer target = new BatchInputs().floats((long) batch.size * width);
    filling.fill(batch, target);
    float[][] rows = new float[batch.size][width];
    for (int row = 0; row < batch.size; row++) {
      target.get(row * width, rows[row]);
    }
    return rows;
  }

  /** Runs a graph on the inputs that the encoder names, and no other. */
  private static float[] run(String graph, Map<String, Object> inputs) throws OrtException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try (OrtSession session = ONNX.createSession(exported.resolve(graph).toString())) {
      assertThat(inputs.keySet())
          .containsExactlyInAnyOrderElementsOf(session.getInputNames())
          .containsExactlyInAnyOrderElementsOf(
              StreamSupport.stream(encoder.get("graphs").get(graph).spliterator(), false)
                  .map(input -> input.get("name").asText())
                  .toList());
      for (Map.Entry<String, Object> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(ONNX, input.getValue()));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        return (float[]) result.get("probability").orElseThrow().getValue();
      }
    }
  }

  @Test
  void refusesAScenarioThatThereIsNot() {
    Map<String, Object> inputs = fullInputs(rows("17", "feed"));
    inputs.put("scenario", new long[] {SCENARIOS.size()});

    assertThatThrownBy(() -> run("full.onnx", inputs))
        .isInstanceOf(OrtException.class)
        .hasMessageContaining("out of data bounds");
  }

  @Test
  void aFieldWhoseNameIsTakenHasAnInputOfAnotherName() {
    assertThat(encoder.get("fields"))
        .filteredOn(field -> field.get("name").asText().equals("scenario"))
        .singleElement()
        .satisfies(
            field -> {
              assertThat(field.get("input").asText()).isEqualTo("field.scenario");
              assertThat(field.get("column").asText()).isEqualTo("scenario");
            });
  }

  @Test
  void saysWhereValuesAreStored() {
    Map<String, String> stored = new HashMap<>();
    encoder
        .get("fields")
        .forEach(field -> stored.put(field.get("name").asText(), field.get("storedWith").asText()));

    assertThat(stored)
        .containsEntry("hour", "rows")
        .containsEntry("city", "users")
        .containsEntry("words", "items")
        .containsEntry("image", "items");
  }

  @Test
  void leavesOutTheFullGraphWhereItsTablesDoNotFit() throws IOException {
    Path target = folder.resolve("large");
    Exported result = new OnnxExporter(loader(), 10_000).export(bundle, target);

    assertThat(result.files()).containsExactly("scorer.onnx", "encoder.json");
    assertThat(result.leftOut())
        .contains("full.onnx is left out", "at most 10,000", "export embeddings");
    try (var files = Files.list(target)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(result.files());
    }
    JsonNode without = JSON.readTree(target.resolve("encoder.json").toFile());
    assertThat(without.get("leftOut").asText()).isEqualTo(result.leftOut());
    assertThat(without.get("graphs").has("full.onnx")).isFalse();
    assertThat(without.get("fields").get(0).has("input")).isFalse();
    assertThat(without.has("users")).isFalse();
    assertThat(exported.resolve("scorer.onnx"))
        .hasSameBinaryContentAs(target.resolve("scorer.onnx"));
  }

  @Test
  void theCommandWritesTheSameFiles() throws IOException {
    Path target = folder.resolve("by-command");
    String told =
        InProcess.run("export", "onnx", bundle.folder().toString(), "--out", target.toString());

    assertThat(told.strip()).isEqualTo(target + ": scorer.onnx, full.onnx, encoder.json");
    assertThat(target.resolve("encoder.json"))
        .hasSameBinaryContentAs(exported.resolve("encoder.json"));
    for (String file : List.of("scorer.onnx", "full.onnx")) { // Products differ in their last bits.
      assertThat(target.resolve(file)).hasSize(Files.size(exported.resolve(file)));
    }
  }

  @Test
  void writesNothingWhereSomethingIs() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("taken"));
    Path beside = Files.createDirectory(folder.resolve("beside.tmp"));

    for (Path target : List.of(taken, folder.resolve("beside"))) {
      assertThatThrownBy(() -> new OnnxExporter(loader()).export(bundle, target))
          .hasMessageContaining("[export/EXISTS]");
    }
    assertThat(taken).isEmptyDirectory();
    assertThat(beside).isEmptyDirectory();
    assertThat(folder.resolve("beside")).doesNotExist();
  }

  @Test
  void saysThatItCouldNotWrite() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    Path target = file.resolve("below");

    assertThatThrownBy(() -> new OnnxExporter(loader()).export(bundle, target))
        .hasMessageContaining("[export/NOT_WRITTEN]")
        .hasMessageContaining(target.toString());
  }
}

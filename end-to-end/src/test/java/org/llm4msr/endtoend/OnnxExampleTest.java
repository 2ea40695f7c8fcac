package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.llm4msr.serving.export.OnnxExporter;

/** Every backbone as a graph: Python's ONNX Runtime and the scorer on the same file of rows. */
@Tag("services")
class OnnxExampleTest {

  private static final int ROWS = 10_000;
  private static final int USERS = 200;
  private static final Path SCRIPT =
      Path.of(System.getProperty("llm4msr.root"), "examples/onnx/score.py");

  private static final String FIELDS =
      "dataset.fields=[{column: hour}, {column: price, kind: numeric}, {name: price_range, column:"
          + " price, kind: bucketed, buckets: 6}, {column: tags, kind: multi-categorical, weightMark:"
          + " ':'}, {name: tag_hash, column: tags, kind: multi-hashed, buckets: 20, weightMark: ':'},"
          + " {column: city, table: users, kind: hashed, buckets: 30}, {column: age, table: users,"
          + " kind: numeric}, {column: kind, table: items}, {column: words, table: items, kind:"
          + " multi-categorical}, {name: hour_range, cross: [hour, price_range], buckets: 90}]";

  @TempDir static Path folder;
  private static Python python;
  private static Path rows;

  @BeforeAll
  static void prepare() throws Exception {
    python = Python.with("onnxruntime", "numpy");
    List<String> scenarios = List.of("feed", "search", "home");
    SmallShop shop = SmallShop.write(folder, 1, 1000, ROWS, USERS, scenarios);
    rows = folder.resolve("rows.csv");
    Files.write(rows, withFeatures(shop.rows()));
    Experiment experiment = experiment("shared-bottom");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
  }

  private static Experiment experiment(String backbone) {
    return Experiment.fromYaml(
        folder.resolve("experiment.yaml"),
        "model.backbone={name: %s}".formatted(backbone),
        FIELDS,
        "knowledge.items={}",
        "model.itemKnowledge={width: 4}",
        "training.epochs=1");
  }

  /** Adds the features of users and items, and makes some of all values unknown. */
  private static List<String> withFeatures(List<String> log) throws IOException {
    Map<String, String> users = features("users.csv");
    Map<String, String> items = features("items.csv");
    List<String> lines = new ArrayList<>();
    lines.add("user,item,scenario,hour,price,tags,city,age,kind,words,tags.weights");
    for (int row = 0; row < log.size(); row++) {
      String[] values = log.get(row).split(",", -1);
      String user = row % 50 == 0 ? "nobody" : values[0];
      String item = row % 40 == 0 ? "new" : values[1];
      String tags = row % 20 == 0 ? values[7] + "|unknown" : values[7];
      lines.add(
          String.join(
              ",",
              user,
              item,
              values[2],
              row % 30 == 0 ? "99" : values[5],
              values[6],
              tags,
              users.getOrDefault(user, ","),
              items.getOrDefault(item, ","),
              row % 3 == 0 || tags.isEmpty() ? "" : weights(row, tags.split("\\|", -1).length)));
    }
    return lines;
  }

  /** Returns as many weights, of which some are 0 or missing. */
  private static String weights(int row, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> (row + i) % 11 == 0 ? "" : String.valueOf((row + 3 * i) % 9 / 4.0))
        .collect(Collectors.joining("|"));
  }

  /** Returns what stands behind the key of each line. */
  private static Map<String, String> features(String file) throws IOException {
    Map<String, String> features = new HashMap<>();
    for (String line : Files.readAllLines(folder.resolve("raw").resolve(file))) {
      String[] parts = line.split(",", -1);
      features.put(parts[0], parts[1] + "," + parts[2]);
    }
    return features;
  }

  static Stream<String> backbones() {
    return PluginRegistry.load().names(PluginKind.BACKBONE).stream();
  }

  @ParameterizedTest
  @MethodSource("backbones")
  void pythonGivesTheScorersProbabilities(String backbone) throws Exception {
    Bundle bundle = Bundle.open(experiment(backbone).train(backbone, Progress.NONE).bundle());
    Path exported = folder.resolve(backbone);
    new OnnxExporter(ConfigLoader.standard(PluginRegistry.load())).export(bundle, exported);
    Path scores = exported.resolve("scores.csv");

    python.run(
        exported.resolve("output.txt"),
        SCRIPT.toString(),
        exported.toString(),
        rows.toString(),
        scores.toString());

    float[] expected = expected(bundle, backbone);
    assertThat(distinct(expected)).hasSizeGreaterThan(ROWS / 10);
    assertThat(column(scores, "probability")).containsExactly(expected, within(1e-5f));
  }

  private static float[] expected(Bundle bundle, String backbone) throws IOException {
    Path scores = folder.resolve(backbone + ".csv");
    try (Scorer scorer = Scorer.load(bundle.folder())) {
      scorer.score(new ScoringRequest(rows, scores), Progress.NONE);
    }
    float[] expected = column(scores, "score");
    assertThat(expected).hasSize(ROWS);
    return expected;
  }

  private static Set<Float> distinct(float[] values) {
    Set<Float> distinct = new HashSet<>();
    for (float value : values) {
      distinct.add(value);
    }
    return distinct;
  }

  private static float[] column(Path file, String name) throws IOException {
    List<String> lines = Files.readAllLines(file, UTF_8);
    int column = List.of(lines.get(0).split(",")).indexOf(name);
    float[] values = new float[lines.size() - 1];
    for (int row = 0; row < values.length; row++) {
      values[row] = Float.parseFloat(lines.get(row + 1).split(",", -1)[column]);
    }
    return values;
  }
}

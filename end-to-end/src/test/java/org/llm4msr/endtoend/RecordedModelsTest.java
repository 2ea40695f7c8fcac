package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.InputWidths;
import org.llm4msr.runtime.assembly.RowInputs;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.serving.compiler.ModelPass;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/** Trained models as graphs, beside what the engine computes. */
class RecordedModelsTest {

  private static final List<String> SCENARIOS = List.of("feed", "search", "home");
  private static final int[] ROWS = {1, 2, 13, 64};

  @TempDir static Path folder;

  @BeforeAll
  static void write() throws IOException {
    SmallShop.write(folder, 1, 1000, 1500, 60, SCENARIOS);
    Experiment experiment = open("model.fusion={name: hierarchical}");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
  }

  private static Experiment open(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "knowledge.items={}",
                "knowledge.history={length: 5, bins: 3}",
                "model.itemKnowledge={width: 4}",
                "training.epochs=1"));
    all.addAll(List.of(settings));
    return Experiment.fromYaml(folder.resolve("experiment.yaml"), all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "ple, hierarchical",
    "star, hierarchical",
    "mmoe, hierarchical",
    "mmoe, none",
    "mmoe, concat",
    "mmoe, epnet",
    "mmoe, dynamic-network"
  })
  void aGraphComputesWhatTheModelDoes(String backbone, String fusion) throws Exception {
    assertRecorded(
        "model.backbone={name: " + backbone + "}", "model.fusion={name: " + fusion + "}");
  }

  static Stream<Arguments> allBackbonesAndHeads() {
    List<String> heads = List.of("hierarchical", "none", "concat", "epnet", "dynamic-network");
    return PluginRegistry.load().names(PluginKind.BACKBONE).stream()
        .flatMap(backbone -> heads.stream().map(head -> arguments(backbone, head)));
  }

  @ParameterizedTest
  @MethodSource("allBackbonesAndHeads")
  @Tag("slow")
  void everyBackboneIsRecordedUnderEveryHead(String backbone, String fusion) throws Exception {
    aGraphComputesWhatTheModelDoes(backbone, fusion);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.metaNetworks.user={name: mlp, layers: [4], generatorHidden: 0, rank: 0}",
        "model.metaNetworks.user={name: mlp, layers: [4, 6], generatorHidden: 5, rank: 0}",
        "model.metaNetworks.user={name: mlp, layers: [4], generatorHidden: 0, rank: 2}",
        "model.metaNetworks.scenario={name: mlp, layers: [4], generatorHidden: 0, rank: 0}",
        "model.fusion={name: hierarchical, residual: true}",
        "model.fusion={name: hierarchical, user: parallel, scenario: bottom}",
        "model.fusion={name: hierarchical, user: none}",
        "knowledge.missing=learned",
        "knowledge.items={missing: learned}"
      })
  @Tag("slow")
  void everyFormOfTheLevelsIsRecorded(String setting) throws Exception {
    assertRecorded("model.fusion={name: hierarchical}", setting);
  }

  private static void assertRecorded(String... settings) throws Exception {
    Experiment experiment = open(settings);
    String run = "run" + Math.abs(String.join(" ", settings).hashCode());
    Bundle bundle = Bundle.open(experiment.train(run, Progress.NONE).bundle());
    ScoringConfig config =
        BundleModel.config(bundle, List.of(), ConfigLoader.standard(PluginRegistry.load()));
    try (TensorEngine engine = TensorEngine.open(config.runtime());
        InferenceModel model =
            BundleModel.load(bundle, config, BundleModel.encoder(bundle, config), engine)) {
      for (int scenario = 0; scenario < SCENARIOS.size(); scenario++) {
        RequestGraphs graphs = new ModelPass(model).record(scenario);
        for (int rows : ROWS) {
          Map<String, float[][]> inputs = inputs(model.widths(), rows);
          assertThat(logits(graphs, inputs))
              .describedAs("scenario %d, %d rows", scenario, rows)
              .containsExactly(reference(model, inputs, scenario, rows), within(1e-5f));
        }
      }
    }
  }

  private static Map<String, float[][]> inputs(InputWidths widths, int rows) {
    Random random = new Random(rows);
    Map<String, float[][]> inputs = new LinkedHashMap<>();
    inputs.put("rows", numbers(random, rows, widths.flat()));
    inputs.put("user", numbers(random, 1, widths.users()));
    inputs.put("items", numbers(random, rows, widths.items()));
    inputs.put("history", numbers(random, rows, widths.history()));
    inputs.values().removeIf(values -> values[0].length == 0);
    return inputs;
  }

  private static float[][] numbers(Random random, int rows, int columns) {
    float[][] numbers = new float[rows][columns];
    for (float[] row : numbers) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return numbers;
  }

  private static float[] logits(RequestGraphs graphs, Map<String, float[][]> inputs)
      throws OrtException {
    Map<String, Object> given = new HashMap<>(inputs);
    if (graphs.source() != null) {
      Map<String, Object> source = run(graphs.source(), Map.of("user", inputs.get("user")));
      given.putAll(run(graphs.expand(), source));
    }
    given.remove("user");
    return (float[]) run(graphs.scorer(), given).get("logits");
  }

  private static Map<String, Object> run(OnnxModel graph, Map<String, ?> inputs)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    Map<String, Object> outputs = new HashMap<>();
    try (OrtSession session = environment.createSession(graph.toBytes())) {
      assertThat(inputs.keySet()).containsExactlyInAnyOrderElementsOf(session.getInputNames());
      for (Map.Entry<String, ?> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(environment, input.getValue()));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          outputs.put(output.getKey(), output.getValue().getValue());
        }
      }
    }
    return outputs;
  }

  private static float[] reference(
      InferenceModel model, Map<String, float[][]> inputs, int scenario, int rows) {
    return model
        .engine()
        .finish(
            () -> {
              model.engine().recordGradients(false);
              try (NDManager step =
                  model.engine().engine().newBaseManager(model.engine().device())) {
                int[] scenarios = new int[rows];
                Arrays.fill(scenarios, scenario);
                int[] items = new int[rows];
                Arrays.setAll(items, row -> row);
                PassContext pass =
                    new PassContext(
                        step,
                        false,
                        0,
                        GroupingPlan.of(step, scenarios, rows, SCENARIOS.size(), false),
                        GroupingPlan.of(step, new int[rows], rows, 1, false),
                        GroupingPlan.of(step, items, rows, rows, false),
                        new DropoutMasks(1),
                        null);
                RowInputs read =
                    new RowInputs(
                        array(step, inputs, "rows"),
                        array(step, inputs, "user"),
                        model.scenarioKnowledge(),
                        array(step, inputs, "items"),
                        array(step, inputs, "history"));
                return model.logits(pass, read, (name, array) -> array).toFloatArray();
              }
            });
  }

  private static NDArray array(NDManager step, Map<String, float[][]> inputs, String name) {
    float[][] values = inputs.get(name);
    return values == null ? null : step.create(values);
  }
}

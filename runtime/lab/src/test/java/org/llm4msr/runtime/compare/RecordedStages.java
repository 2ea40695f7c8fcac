package org.llm4msr.runtime.compare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.keys.RowKeys;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.evaluation.PredictionWriter;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.experiment.Workspace;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;

/**
 * Experiments that train nothing. A run measures twenty positives and twenty negatives, of which
 * its settings say how many of each are told apart, and writes what a run leaves.
 */
final class RecordedStages implements Stages.Opener {

  private static final int PAIRS = 20;
  private static final List<String> SCENARIO = List.of("only");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ConfigLoader loader;
  private final ToIntFunction<ExperimentConfig> right;

  /** What was done, in order: the stage and the run. */
  final List<String> calls = new ArrayList<>();

  /** Runs before each training. */
  Consumer<ExperimentConfig> beforeTraining = config -> {};

  /** Runs where a model is checked. */
  Consumer<ExperimentConfig> check = config -> {};

  double secondsOfARun = 1;

  /**
   * Makes them.
   *
   * @param right of twenty, how many of each class a model tells apart
   */
  RecordedStages(ConfigLoader loader, ToIntFunction<ExperimentConfig> right) {
    this.loader = loader;
    this.right = right;
  }

  /** Returns the AUC: pairs of a positive and a negative that are both not told apart tie. */
  static double auc(int right) {
    double tied = PAIRS - right;
    return 1 - tied * tied / (2 * PAIRS * PAIRS);
  }

  @Override
  public Stages open(Path file, List<String> overrides) {
    List<String> identity = new ArrayList<>(overrides);
    identity.removeIf(override -> override.startsWith("training.seed="));
    return new Recorded(loader.load(file, overrides), String.join(" ", identity));
  }

  /** One experiment. */
  private final class Recorded implements Stages {
    private final LoadedConfig config;
    private final String identity;

    Recorded(LoadedConfig config, String identity) {
      this.config = config;
      this.identity = identity;
    }

    @Override
    public LoadedConfig config() {
      return config;
    }

    @Override
    public Workspace workspace() {
      return new Workspace(config.base().resolve(config.config().workspace()).normalize());
    }

    @Override
    public void checkModel() {
      check.accept(config.config());
    }

    @Override
    public boolean readsKnowledge() {
      return false;
    }

    @Override
    public String identity() {
      return identity;
    }

    @Override
    public PreparationResult prepare(boolean force, @Nullable Path extend, Progress progress) {
      calls.add("prepare");
      return new PreparationResult(workspace().prepared(), null, false);
    }

    @Override
    public TrainingReport train(String run, TrainingOptions options, Progress progress) {
      calls.add("train " + run);
      beforeTraining.accept(config.config());
      Path folder = workspace().run(run);
      write(folder.resolve("bundle/model"), "weights");
      write(folder.resolve("checkpoints/1"), "state");
      cost(folder, "train", secondsOfARun);
      return null;
    }

    @Override
    public EvaluationReport evaluate(
        String run, Split split, @Nullable Path predictions, Progress progress) {
      calls.add("evaluate " + run);
      Path folder = workspace().run(run);
      EvaluationReport report = measure(folder, split, predictions);
      ObjectNode tree = JSON.valueToTree(report);
      tree.put("run", folder.toString());
      write(folder.resolve("evaluation-" + split.key() + ".json"), tree.toString());
      cost(folder, "evaluate", 1);
      return report;
    }

    private EvaluationReport measure(Path folder, Split split, Path predictions) {
      int rows = 2 * PAIRS;
      int told = right.applyAsInt(config.config());
      float[] label = new float[rows];
      float[] probability = new float[rows];
      int[] user = new int[rows];
      for (int row = 0; row < rows; row++) {
        label[row] = row % 2;
        user[row] = row;
        probability[row] = row / 2 < told ? .1f + .8f * label[row] : .5f;
      }
      try (PredictionWriter writer = new PredictionWriter(predictions, SCENARIO, KEYS, false);
          Evaluator evaluator = new Evaluator(SCENARIO)) {
        long[] numbers = LongStream.range(0, rows).toArray();
        writer.add(rows, numbers, user, new int[rows], label, probability);
        writer.finish();
        evaluator.add(rows, new int[rows], user, label, probability);
        return new EvaluationReport(
            folder,
            split.key(),
            SCENARIO,
            evaluator.result(),
            null,
            List.of(),
            null,
            true,
            false,
            false);
      }
    }

    @Override
    public MetricList metrics() {
      return MetricList.STANDARD;
    }

    @Override
    public List<Slicing> slicings(Split split) {
      return List.of();
    }

    @Override
    public String otherCode(String run) {
      return "";
    }

    @Override
    public boolean isRunning() {
      return false;
    }

    @Override
    public void requestStop() {
      calls.add("stop");
    }

    @Override
    public @Nullable PreparedSummary inspection() {
      throw never();
    }

    @Override
    public ExtractionPlan planExtraction(
        boolean rebuild, int prompts, @Nullable Boolean measured, Progress progress) {
      throw never();
    }

    @Override
    public ExtractionResult extract(boolean rebuild, Progress progress) {
      throw never();
    }

    @Override
    public void acceptKnowledge() {
      throw never();
    }

    @Override
    public Map<String, List<KnowledgeInspection.Neighbour>> scenarioNeighbours(
        String run, int count) {
      throw never();
    }
  }

  private static UnsupportedOperationException never() {
    return new UnsupportedOperationException("models without knowledge do not ask for it");
  }

  private static void cost(Path folder, String stage, double seconds) {
    write(
        folder.resolve("stages.jsonl"),
        "{\"stage\":\"%s\",\"seconds\":%s,\"peakBytes\":null}%n".formatted(stage, seconds));
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The keys u0, u1 ... of users and i0, i1 ... of items, without groups. */
  static final RowKeys KEYS =
      new RowKeys() {
        @Override
        public String user(int index) {
          return "u" + index;
        }

        @Override
        public String item(long row) {
          return "i" + row;
        }

        @Override
        public @Nullable String group(long row) {
          return null;
        }
      };
}

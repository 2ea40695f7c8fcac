package org.llm4msr.runtime.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.SlicedMetrics;
import org.llm4msr.runtime.evaluation.metric.Metric;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.StageCost;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs of a comparison. A run's name ends with its seed, after a checksum of all that
 * determines its model, so that a changed setting makes a new run; its folder keeps the evaluation
 * and the predictions of each part that it was measured on.
 */
final class Runs {

  private static final Logger LOG = LoggerFactory.getLogger(Runs.class);

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String SEED = "training.seed=";
  private static final String PROVENANCE = "provenance.json";

  private final Stages.Opener experiments;
  private final boolean keepModels;
  private final MeasuredLabel label;
  private final Metric metric;
  private final Map<Cell, String> names = new HashMap<>();
  private final Set<String> told = new HashSet<>();
  private volatile @Nullable Stages current;
  private volatile boolean stopRequested;

  /**
   * Makes runs.
   *
   * @param keepModels whether checkpoints and bundles stay
   * @param label by which they are measured
   * @param metric of that label
   */
  Runs(Stages.Opener experiments, boolean keepModels, MeasuredLabel label, Metric metric) {
    this.experiments = experiments;
    this.keepModels = keepModels;
    this.label = label;
    this.metric = metric;
  }

  MeasuredLabel label() {
    return label;
  }

  Metric metric() {
    return metric;
  }

  Stages open(Cell cell, long seed) {
    List<String> overrides = new ArrayList<>(cell.overrides());
    if (overrides.stream().anyMatch(override -> override.startsWith(SEED))) {
      throw new MsrException(
          ErrorType.USER,
          "compare/SEED",
          "The runs of %s train with the seeds that the key 'seeds' lists, but training.seed is also set, in settings, grid or by -D. Remove it, and write for example seeds: [1, 2]."
              .formatted(cell.experiment()));
    }
    overrides.add(SEED + seed);
    return experiments.open(cell.experiment(), overrides);
  }

  /**
   * Returns the folder of a comparison in the workspace of a model.
   *
   * @param kind the folder of all of this kind
   * @param file the file that describes this one
   */
  Path folder(String kind, Path file, Cell cell) {
    return open(cell, 0).workspace().root().resolve(kind).resolve(Grid.stem(file));
  }

  /**
   * Knowledge that was extracted.
   *
   * @param items whether items were read too
   */
  record Extracted(Path workspace, boolean items) {}

  /** Checks a model. */
  Stages check(Cell cell) {
    Stages experiment = open(cell, 0);
    experiment.checkModel();
    label.check(experiment);
    return experiment;
  }

  /**
   * Prepares the data and knowledge of a model, unless that was done for another one.
   *
   * @param part on which it will be measured
   * @param prepared workspaces with data
   * @param extracted the knowledge that is there
   */
  Stages prepare(
      Cell cell, Split part, Set<Path> prepared, Set<Extracted> extracted, ComparisonView view) {
    Stages experiment = begin(open(cell, 0));
    Path workspace = experiment.workspace().root();
    if (!prepared.contains(workspace)) {
      try (ComparisonView.Work work = view.begin("prepare", "rows")) {
        experiment.prepare(false, null, work.progress());
      }
      prepared.add(workspace);
    }
    KnowledgeConfig knowledge = experiment.config().config().knowledge();
    boolean items = knowledge != null && knowledge.items() != null;
    Extracted wanted = new Extracted(workspace, items);
    if (experiment.readsKnowledge()
        && !extracted.contains(wanted)
        && !extracted.contains(new Extracted(workspace, true))) {
      try (ComparisonView.Work work = view.begin("extract", "prompts")) {
        experiment.extract(false, work.progress());
      }
      extracted.add(wanted);
    }
    experiment.slicings(part); // A slice that the data does not have is known before training.
    names.put(cell, Grid.slug(cell.toString()) + "-" + Grid.checksum(experiment.identity()));
    return experiment;
  }

  /** Trains and measures, except for what was done before. */
  RunResult result(Cell cell, long seed, Split part, ComparisonView view) {
    Stages experiment = begin(open(cell, seed));
    String name = names.get(cell) + "-s" + seed;
    Path folder = experiment.workspace().run(name);
    Path evaluation = folder.resolve("evaluation-" + part.key() + ".json");
    Path predictions = folder.resolve("predictions-" + part.key() + ".arrow");
    if (isMeasured(evaluation, predictions)) {
      tellOtherCode(experiment, name);
    } else {
      try (ComparisonView.Work work = view.begin("train", "rows")) {
        experiment.train(name, TrainingOptions.NONE, work.progress());
      }
      try (ComparisonView.Work work = view.begin("evaluate", "rows")) {
        experiment.evaluate(name, part, predictions, work.progress());
      }
    }
    discardModel(folder);
    boolean draws = experiment.config().config().dataset().negatives().perPositive() > 0;
    List<Slicing> slicings = experiment.slicings(part);
    return new RunResult(
        name,
        complete(
            label.of(read(evaluation, EvaluationReport.class)),
            slicings,
            predictions,
            experiment.metrics()),
        predictions,
        slicings,
        draws ? read(folder.resolve(PROVENANCE), JsonNode.class).path("data").asText() : "",
        isStillImproving(folder),
        seconds(folder),
        label);
  }

  private static boolean isStillImproving(Path folder) {
    Path file = folder.resolve("training.json");
    return Files.exists(file)
        && read(file, JsonNode.class).path("result").path("stillImproving").asBoolean();
  }

  private void tellOtherCode(Stages experiment, String name) {
    String others = experiment.otherCode(name);
    if (!others.isEmpty() && told.add(others)) {
      LOG.warn(
          "Runs that were measured before, such as {}, were trained with other code of a plugin:"
              + " {}. Their figures are used; delete the folders of these runs to train them anew.",
          name,
          others);
    }
  }

  /** The evaluation may also be one that a user made of a stopped run. */
  private static boolean isMeasured(Path evaluation, Path predictions) {
    return Files.exists(evaluation)
        && Files.exists(predictions)
        && read(evaluation, EvaluationReport.class).finished();
  }

  /** The evaluation may be that of other slices or metrics, or of an earlier version. */
  private EvaluationReport complete(
      EvaluationReport report, List<Slicing> slicings, Path predictions, MetricList metrics) {
    List<String> measured = report.slices().stream().map(SlicedMetrics::name).toList();
    boolean sliced = measured.equals(slicings.stream().map(Slicing::name).toList());
    EvaluationResult result = report.result();
    if (result.overall().figures().containsKey(metric.name())) {
      return sliced
          ? report
          : report.with(result, ScoredRows.slices(predictions, slicings, label, metrics));
    }
    List<String> scenarios = result.scenarios().stream().map(Metrics::name).toList();
    return report.with(
        ScoredRows.result(predictions, scenarios, label, metrics),
        ScoredRows.slices(predictions, slicings, label, metrics));
  }

  private Stages begin(Stages experiment) {
    current = experiment;
    if (stopRequested) {
      experiment.requestStop();
    }
    return experiment;
  }

  private void discardModel(Path folder) {
    if (!keepModels) {
      try {
        DurableFiles.delete(folder.resolve("bundle"));
        DurableFiles.delete(folder.resolve("checkpoints"));
      } catch (IOException e) {
        throw failed(folder, "cannot be emptied", e);
      }
    }
  }

  private static <T> T read(Path file, Class<T> type) {
    try {
      return JSON.readValue(Files.readAllBytes(file), type);
    } catch (IOException e) {
      throw failed(file, "cannot be read", e);
    }
  }

  /**
   * Returns the training time of all processes that made a run, or NaN. Training that was followed
   * by a measurement and then by more training belongs to an earlier model, which was discarded.
   */
  static double seconds(Path folder) {
    double seconds = Double.NaN;
    boolean measured = true;
    for (StageCost cost : StageCost.read(folder)) {
      if (cost.stage().equals("train")) {
        seconds = (measured ? 0 : seconds) + cost.seconds();
        measured = false;
      } else {
        measured = true;
      }
    }
    return seconds;
  }

  private static MsrException failed(Path path, String problem, IOException e) {
    return new MsrException(
        ErrorType.DATA,
        "compare/RUN",
        "%s %s: %s. Delete the folder of that run, and compare again."
            .formatted(path, problem, FileErrors.reason(e)),
        e);
  }

  /** Asks the current run, or the next one, to end. */
  void requestStop() {
    stopRequested = true;
    Stages running = current;
    if (running != null) {
      running.requestStop();
    }
  }
}

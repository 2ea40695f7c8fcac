package org.llm4msr.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Stages;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.experiment.TrainingReport;
import org.llm4msr.runtime.experiment.Workspace;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;

/** Stages that do nothing but give what a test sets; each remembers how it was called. */
final class FakeStages implements Stages, Stages.Opener {

  private final ConfigLoader loader;
  private LoadedConfig config;

  final List<String> calls = new ArrayList<>();
  final List<String> settings = new ArrayList<>();
  TrainingReport trained;
  EvaluationReport evaluated;
  ExtractionResult extracted;
  ExtractionPlan planned;

  /** Runs while a stage is under way. */
  Runnable during = () -> {};

  Runnable onStop = () -> {};

  FakeStages(ConfigLoader loader) {
    this.loader = loader;
  }

  @Override
  public Stages open(Path file, List<String> overrides) {
    settings.addAll(overrides);
    config = loader.load(file, overrides);
    return this;
  }

  @Override
  public LoadedConfig config() {
    return config;
  }

  @Override
  public Workspace workspace() {
    return new Workspace(Path.of("work"));
  }

  @Override
  public PreparationResult prepare(boolean force, @Nullable Path extend, Progress progress) {
    calls.add("prepare force=%s extend=%s".formatted(force, extend));
    during.run();
    throw new UnsupportedOperationException("no manifest");
  }

  @Override
  public ExtractionPlan planExtraction(
      boolean rebuild, int prompts, @Nullable Boolean measured, Progress progress) {
    calls.add("plan rebuild=%s prompts=%d measured=%s".formatted(rebuild, prompts, measured));
    return planned;
  }

  @Override
  public ExtractionResult extract(boolean rebuild, Progress progress) {
    calls.add("extract rebuild=" + rebuild);
    during.run();
    return extracted;
  }

  @Override
  public void acceptKnowledge() {
    calls.add("accept");
  }

  @Override
  public TrainingReport train(String run, TrainingOptions options, Progress progress) {
    calls.add(
        "train %s bundle=%s from=%s force=%s"
            .formatted(run, options.bundle(), options.from(), options.force()));
    during.run();
    return trained;
  }

  @Override
  public EvaluationReport evaluate(
      String run, Split split, @Nullable Path predictions, Progress progress) {
    calls.add("evaluate %s %s predictions=%s".formatted(run, split.key(), predictions));
    during.run();
    return evaluated;
  }

  @Override
  public boolean isRunning() {
    return true;
  }

  @Override
  public void requestStop() {
    calls.add("stop");
    onStop.run();
  }

  @Override
  public MetricList metrics() {
    return MetricList.STANDARD;
  }

  @Override
  public void checkModel() {
    throw notAsked();
  }

  @Override
  public boolean readsKnowledge() {
    throw notAsked();
  }

  @Override
  public String identity() {
    throw notAsked();
  }

  @Override
  public @Nullable PreparedSummary inspection() {
    throw notAsked();
  }

  @Override
  public Map<String, List<KnowledgeInspection.Neighbour>> scenarioNeighbours(
      String run, int count) {
    throw notAsked();
  }

  @Override
  public List<Slicing> slicings(Split split) {
    throw notAsked();
  }

  @Override
  public String otherCode(String run) {
    throw notAsked();
  }

  private static UnsupportedOperationException notAsked() {
    return new UnsupportedOperationException("commands do not ask for it");
  }
}

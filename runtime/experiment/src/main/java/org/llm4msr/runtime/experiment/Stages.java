package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.preparation.PreparationResult;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.slices.Slicing;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;

/**
 * The stages of one experiment, as commands and comparisons run them. {@link Experiment} does the
 * work and says what each method does.
 */
public interface Stages {

  /** Opens experiments. */
  interface Opener {

    /**
     * Reads and validates an experiment.
     *
     * @param overrides {@code key.path=value} each
     * @throws org.llm4msr.api.MsrException {@code config/...} with everything that is wrong
     */
    Stages open(Path file, List<String> overrides);
  }

  LoadedConfig config();

  Workspace workspace();

  void checkModel();

  boolean readsKnowledge();

  String identity();

  PreparationResult prepare(boolean force, @Nullable Path extend, Progress progress);

  @Nullable PreparedSummary inspection();

  ExtractionPlan planExtraction(
      boolean rebuild, int prompts, @Nullable Boolean measured, Progress progress);

  ExtractionResult extract(boolean rebuild, Progress progress);

  void acceptKnowledge();

  Map<String, List<KnowledgeInspection.Neighbour>> scenarioNeighbours(String run, int count);

  TrainingReport train(String run, TrainingOptions options, Progress progress);

  EvaluationReport evaluate(String run, Split split, @Nullable Path predictions, Progress progress);

  MetricList metrics();

  List<Slicing> slicings(Split split);

  String otherCode(String run);

  boolean isRunning();

  void requestStop();
}

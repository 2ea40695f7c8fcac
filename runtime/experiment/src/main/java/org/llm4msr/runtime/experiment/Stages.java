package org.llm4msr.runtime.experiment;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
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

/** The stages of one experiment, as commands and comparisons run them. */
public interface Stages {

  /** Opens experiments. */
  interface Opener {

    /**
     * Reads and validates an experiment.
     *
     * @param overrides {@code key.path=value} each
     * @throws MsrException {@code config/...} with everything that is wrong
     */
    Stages open(Path file, List<String> overrides);
  }

  /** Returns the configuration. */
  LoadedConfig config();

  /** Returns the folders of this experiment. */
  Workspace workspace();

  /**
   * Checks that head, backbone and engine fit each other, without looking at the raw data.
   *
   * @throws MsrException {@code config/INVALID} with everything that does not fit, {@code
   *     config/NO_MODEL} where there is no section model
   */
  void checkModel();

  /** Returns whether the fusion head reads the knowledge of a language model. */
  boolean readsKnowledge();

  /**
   * Returns a text that is equal for two experiments that, given the same seed, would train the
   * same model on the same data.
   *
   * @throws MsrException if data is not prepared or knowledge is missing
   */
  String identity();

  /**
   * Turns the raw files into prepared data with which a trained model can continue.
   *
   * @param force whether prepared data is replaced; otherwise it is kept where its settings and
   *     sources are the same, and refused where they are not
   * @param extend a bundle, or a folder of prepared data, whose ids are kept: known values keep
   *     theirs, new ones follow; null for none
   */
  PreparationResult prepare(boolean force, @Nullable Path extend, Progress progress);

  /**
   * Returns what {@link Experiment#inspectData} found in the data that is there, or null if it was
   * not called.
   */
  @Nullable PreparedSummary inspection();

  /**
   * Tells what {@link #extract} would do, and writes nothing.
   *
   * @param prompts how many prompts of each level to show
   * @param measured whether the language model reads some prompts, by which its time is estimated;
   *     null: unless a service would be asked
   * @param progress gets the number of prompts
   */
  ExtractionPlan planExtraction(
      boolean rebuild, int prompts, @Nullable Boolean measured, Progress progress);

  /**
   * Runs the language model on the prompts and stores its states.
   *
   * @param rebuild whether to discard the existing store
   * @throws MsrException {@code knowledge/STOPPED} after {@link #requestStop}
   */
  ExtractionResult extract(boolean rebuild, Progress progress);

  /**
   * Records that the stored knowledge is what the present code of the prompt builder and the
   * encoder makes, so that nothing warns of other code.
   *
   * @throws MsrException {@code knowledge/NOT_EXTRACTED} where there is none, {@code
   *     knowledge/STORE_MISMATCH} if it was extracted with other settings
   */
  void acceptKnowledge();

  /**
   * Returns for each scenario, by key, the nearest others in the knowledge that a run reads,
   * nearest first, without their prompts.
   *
   * @param run a run that was trained with the knowledge
   * @throws MsrException if there is no knowledge, or if it is not what the run was trained with
   */
  Map<String, List<KnowledgeInspection.Neighbour>> scenarioNeighbours(String run, int count);

  /**
   * Trains a model, from the last checkpoint of the run if there is one. The run folder gets the
   * effective configuration, the log, the metrics, the checkpoints and at the end the bundle.
   *
   * @param run name of the run
   * @param progress gets the number of training rows
   * @throws MsrException {@code training/STOPPED} after {@link #requestStop}, {@code bundle/...} if
   *     the run cannot begin with the bundle that the options name
   */
  TrainingReport train(String run, TrainingOptions options, Progress progress);

  /**
   * Evaluates the best state of a run, and says so if the run is not finished. Model and training
   * settings are those of the run, whatever this configuration says; a warning tells what differs.
   *
   * @param predictions gets every row's prediction, as Arrow, Parquet or CSV; null for none
   * @param progress gets the number of rows
   */
  EvaluationReport evaluate(String run, Split split, @Nullable Path predictions, Progress progress);

  /** Returns the metrics that its runs are measured by. */
  MetricList metrics();

  /**
   * Returns how evaluations divide the rows of a part: what {@code evaluation.slices} names.
   *
   * @throws MsrException {@code data/NO_SLICES} if it names what the data does not have
   */
  List<Slicing> slicings(Split split);

  /**
   * Says in which plugins the code that trained a run differs from the code here; empty if in none,
   * or if that is not known.
   */
  String otherCode(String run);

  /**
   * Returns whether a {@link #train} or {@link #extract} runs that {@link #requestStop} can end.
   */
  boolean isRunning();

  /**
   * Asks a {@link #train} or {@link #extract} that runs, or is about to begin, to store its
   * progress and end. Safe from any thread.
   */
  void requestStop();
}

package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.evaluation.Evaluator;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.training.Trainer;

/** Binds model, trainer and evaluator of a run; their user closes evaluator, model and engine. */
final class TrainingModule extends AbstractModule {

  private final ExperimentConfig config;
  private final RunFolder folder;
  private final PreparedData data;
  private final @Nullable KnowledgeInputs knowledge;
  private final SequenceInputs sequences;
  private final StartingPoint start;
  private final Partition partition;

  TrainingModule(
      ExperimentConfig config,
      RunFolder folder,
      PreparedData data,
      @Nullable KnowledgeInputs knowledge,
      SequenceInputs sequences,
      StartingPoint start,
      @Nullable TrainingOptions options) {
    this.config = config;
    this.folder = folder;
    this.data = data;
    this.knowledge = knowledge;
    this.sequences = sequences;
    this.start = start;
    partition = options == null ? Partition.WHOLE : options.partition();
  }

  @Provides
  @Singleton
  TrainableModel model(TensorEngine engine, ModelConfig model) {
    return ModelAssembly.assemble(
        engine, model, config.training(), config.scoring(), data, knowledge, sequences, partition);
  }

  @Provides
  @Singleton
  Trainer trainer(TrainableModel model, Provider<Evaluator> evaluators, MetricList metrics) {
    Trainer trainer =
        new Trainer(
            model,
            data,
            config.training(),
            folder.path(),
            config.runtime().checkpointEvery(),
            start.digest());
    trainer.validateWith(
        metrics.required(config.training().monitor(), MetricList.MONITOR), evaluators::get);
    if (config.runtime().tensorBoard()) {
      trainer.writeEvents(folder.path().resolve("tensorboard"));
    }
    return trainer;
  }

  @Provides
  Evaluator evaluator(MetricList metrics) {
    return new Evaluator(data.manifest().scenarioKeys(), metrics);
  }
}

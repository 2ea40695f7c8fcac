package org.llm4msr.benchmarks;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.config.InferenceConfig;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.training.TrainingStep;
import org.llm4msr.runtime.training.workers.Team;

/** The project's own training step. */
final class OurStep implements Contender {

  private final String name;
  private final TensorEngine engine;
  private final TrainableModel model;
  private final TrainingStep step;
  private final StepClock clock;

  OurStep(String name, TensorEngine engine, Setup setup, List<Batch> batches) {
    this(name, engine, setup, batches, Partition.WHOLE);
  }

  /**
   * Makes the step of a model with a part of the tables.
   *
   * @param partition which rows it has
   */
  OurStep(String name, TensorEngine engine, Setup setup, List<Batch> batches, Partition partition) {
    this.name = name;
    this.engine = engine;
    model =
        ModelAssembly.assemble(
            engine,
            setup.model(),
            setup.training(),
            new InferenceConfig(Precision.FLOAT32, false),
            setup.data(),
            setup.vectors(),
            setup.sequences().isEmpty() ? null : SequenceLog.of(setup.data()),
            partition);
    step = new TrainingStep(model, setup.training(), setup.data());
    clock = new StepClock(batches, (batch, n) -> step.run(batch, n, Setup.LEARNING_RATE));
  }

  /** Makes this one of several workers. */
  void workIn(Exchange exchange) {
    engine.call(
        () -> {
          step.workIn(new Team(exchange));
          return exchange;
        });
  }

  /** Makes one step of a batch. */
  void run(Batch batch) {
    engine.call(() -> step.run(batch, 1, Setup.LEARNING_RATE));
  }

  ModelShape shape() {
    return model.shape();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long denseParameters() {
    return model.parameters().parameters().stream()
        .map(DenseParameter::shape)
        .mapToLong(Shape::size)
        .sum();
  }

  @Override
  public List<StepTime> time(int steps) {
    return engine.call(() -> clock.time(steps));
  }

  /** Says where the time of the steps went. */
  String times() {
    return String.valueOf(step.times());
  }

  @Override
  public void close() {
    System.out.println(name + ": " + times());
    model.close();
  }
}

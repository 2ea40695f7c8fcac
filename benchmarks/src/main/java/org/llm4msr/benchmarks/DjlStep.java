package org.llm4msr.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.training.GradientCollector;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.plugins.backbones.experts.MmoeFactory;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;

/**
 * The same backbone trained in DJL's way: one embedding array with a dense gradient, and DJL's Adam
 * over everything.
 */
final class DjlStep implements Contender {

  private final TensorEngine engine;
  private final NDManager manager;
  private final ModelShape shape;
  private final ParameterStore store;
  private final DropoutMasks masks = new DropoutMasks(7);
  private final Backbone backbone;
  private final NDArray table;
  private final int rowsPerField;
  private final Optimizer adam =
      Optimizer.adam().optLearningRateTracker(Tracker.fixed((float) Setup.LEARNING_RATE)).build();
  private final StepClock clock;

  DjlStep(TensorEngine engine, Setup setup, ModelShape shape, List<Batch> batches) {
    this.engine = engine;
    this.manager = engine.engine().newBaseManager(engine.device());
    this.rowsPerField = setup.data().rowsPerField();
    this.shape = shape;
    store = new ParameterStore(manager, 7);
    backbone = new MmoeFactory().create(Setup.MMOE, store.context("backbone", shape));
    long rows = (long) rowsPerField * setup.data().fields();
    table = manager.randomNormal(0, 1e-4f, new Shape(rows, Setup.DIMENSION), DataType.FLOAT32);
    table.setRequiresGradient(true);
    clock = new StepClock(batches, this::run);
  }

  @Override
  public String name() {
    return "DJL's embedding and Adam";
  }

  @Override
  public long denseParameters() {
    return store.parameters().stream().map(DenseParameter::shape).mapToLong(Shape::size).sum();
  }

  @Override
  public List<StepTime> time(int steps) {
    return engine.call(() -> clock.time(steps));
  }

  private void run(Batch batch, long step) {
    int fields = batch.fields.size();
    int[] ids = new int[batch.size * fields];
    for (int f = 0; f < fields; f++) {
      int[] field = ((Ids) batch.fields.get(f)).ids();
      for (int i = 0; i < batch.size; i++) {
        ids[i * fields + f] = field[i] + f * rowsPerField;
      }
    }
    try (NDManager temporaries = manager.newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray index = temporaries.create(ids, new Shape(ids.length));
        NDArray flat =
            Embedding.embedding(index, table, SparseFormat.DENSE)
                .singletonOrThrow()
                .reshape(batch.size, (long) fields * Setup.DIMENSION);
        GroupingPlan scenarios =
            GroupingPlan.of(temporaries, batch.scenario, batch.size, shape.scenarios().size());
        PassContext pass = new PassContext(temporaries, true, step, scenarios, scenarios, masks);
        EmbeddedFeatures features =
            new EmbeddedFeatures(flat, Setup.DIMENSION, scenarios, null, null, null, null, null);
        NDArray x = backbone.forward(pass, features).logit().reshape(-1);
        NDArray y = temporaries.create(batch.label, new Shape(batch.size));
        NDArray loss = Activation.softPlus(x).sub(x.mul(y)).mean();
        collector.backward(loss);
        loss.getFloat();
      }
    }
    try (NDArray gradient = table.getGradient()) {
      adam.update("table", table, gradient);
      gradient.subi(gradient);
    }
    for (ParameterArray parameter : store.arrays()) {
      try (NDList gradients = parameter.gradients();
          NDArray gradient = NDArrays.concat(gradients, 0)) {
        adam.update(parameter.name(), parameter.array(), gradient);
      }
      parameter.push(); // Drops the gradient, and what was computed from the earlier values.
    }
  }

  @Override
  public void close() {
    store.close();
    manager.close();
  }
}

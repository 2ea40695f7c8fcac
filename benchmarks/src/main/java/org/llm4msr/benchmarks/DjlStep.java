package org.llm4msr.benchmarks;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
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
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.runtime.data.Batch;
import org.llm4msr.runtime.data.FieldValues.Ids;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.DropoutMasks;
import org.llm4msr.runtime.model.EmbeddedFeatures;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;

/**
 * The same backbone trained the way DJL does it: one embedding array with a dense gradient, and
 * DJL's Adam over everything.
 */
final class DjlStep implements AutoCloseable {

  private final NDManager manager;
  private final ModelShape shape;
  private final ParameterStore store;
  private final DropoutMasks masks = new DropoutMasks(7);
  private final Backbone backbone;
  private final NDArray table;
  private final int rowsPerField;
  private final int dimension;
  private final Optimizer adam =
      Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.001f)).build();

  <C extends Record> DjlStep(
      Engine engine,
      BackboneFactory<C> factory,
      C config,
      ModelShape shape,
      int rowsPerField,
      int dimension) {
    this.manager = engine.newBaseManager(Device.cpu());
    this.shape = shape;
    this.rowsPerField = rowsPerField;
    this.dimension = dimension;
    store = new ParameterStore(manager, 7);
    backbone = factory.create(config, store.context("backbone", shape));
    long rows = (long) rowsPerField * shape.layout().fields().size();
    table = manager.randomNormal(0, 1e-4f, new Shape(rows, dimension), DataType.FLOAT32);
    table.setRequiresGradient(true);
  }

  float run(Batch batch, long step) {
    int fields = batch.fields.size();
    int[] ids = new int[batch.size * fields];
    for (int f = 0; f < fields; f++) {
      int[] field = ((Ids) batch.fields.get(f)).ids();
      for (int i = 0; i < batch.size; i++) {
        ids[i * fields + f] = field[i] + f * rowsPerField;
      }
    }
    float value;
    try (NDManager temporaries = manager.newSubManager();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray index = temporaries.create(ids, new Shape(ids.length));
        NDArray flat =
            Embedding.embedding(index, table, SparseFormat.DENSE)
                .singletonOrThrow()
                .reshape(batch.size, (long) fields * dimension);
        GroupingPlan scenarios =
            GroupingPlan.of(temporaries, batch.scenario, batch.size, shape.scenarios().size());
        PassContext pass = new PassContext(temporaries, true, step, scenarios, scenarios, masks);
        EmbeddedFeatures features =
            new EmbeddedFeatures(flat, dimension, scenarios, null, null, null);
        NDArray x = backbone.forward(pass, features).logit().reshape(-1);
        NDArray y = temporaries.create(batch.label, new Shape(batch.size));
        NDArray loss = Activation.softPlus(x).sub(x.mul(y)).mean();
        collector.backward(loss);
        value = loss.getFloat();
      }
    }
    update("table", table);
    for (DenseParameter parameter : List.copyOf(store.parameters())) {
      update(parameter.name(), parameter.array());
    }
    return value;
  }

  private void update(String name, NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      adam.update(name, array, gradient);
      gradient.subi(gradient);
    }
  }

  @Override
  public void close() {
    store.close();
    manager.close();
  }
}

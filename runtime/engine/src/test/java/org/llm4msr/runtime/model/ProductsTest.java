package org.llm4msr.runtime.model;

import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.tables.Workers;

/** What tests of products outside the engine need; they run where there are such products. */
@Tag("engine")
abstract class ProductsTest {

  final NDManager manager = TestEngine.manager();
  final ParameterStore store = new ParameterStore(manager, 5);
  final Workers workers = new Workers(2);
  final Random random = new Random(9);

  @BeforeEach
  void onlyWhereThereAreProducts() {
    assumeThat(Mkl.serves(manager)).isTrue();
  }

  @AfterEach
  void close() {
    store.close();
    manager.close();
    workers.close();
  }

  /** Draws from a normal distribution. */
  float[] draw(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  ParameterArray parameter(String name, float[] values, long... shape) {
    ParameterArray made =
        store.parameter("b", name, new Shape(shape), new Initializer.Normal(1), Decay.NO);
    made.values().put(values);
    return made;
  }

  /** Returns the gradient of a parameter that is alone in its array. */
  static float[] gradient(ParameterArray parameter) {
    float[] values = new float[(int) parameter.shape().size()];
    parameter.parts().get(0).readGradient((p, gradient) -> gradient.get(values));
    return values;
  }
}

package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.model.TestEngine;

class TorchGradientsTest {

  @Test
  void reachWhatSomethingBeforeNeeds() {
    assumeThat(TestEngine.NAME).isEqualTo(PyTorchEngine.NAME);
    try (NDManager manager = TestEngine.manager();
        GradientCollector collector = TestEngine.engine().newGradientCollector()) {
      NDArray leaf = manager.ones(new Shape(2, 3));
      leaf.setRequiresGradient(true);
      NDArray computed = leaf.tanh();
      NDArray constant = manager.ones(new Shape(2, 3));

      assertThat(TorchGradients.reach(leaf)).isTrue();
      assertThat(TorchGradients.reach(computed)).isTrue();
      assertThat(TorchGradients.reach(computed.transpose())).isTrue();
      assertThat(TorchGradients.reach(constant)).isFalse();
      assertThat(TorchGradients.reach(constant.tanh())).isFalse();
      assertThat(TorchGradients.reach(computed.stopGradient())).isFalse();

      TorchGradients.backward(computed, manager.ones(new Shape(2, 3)));
      assertThat(TorchGradients.of(leaf)).isNotNull();
      assertThat(TorchGradients.of(constant)).isNull();
    }
  }
}

package org.llm4msr.runtime.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.plugins.PluginCall;

@Tag("engine")
class CheckedHeadTest {

  private static NDArray checked(NDManager manager, NDArray logits) {
    NDArray flat = manager.zeros(new Shape(4, 3));
    try (ParameterStore store = new ParameterStore(manager, 1)) {
      CheckedPart part = new CheckedPart(new PluginCall("The head"), store::closed, "fusion");
      FusionHead head = new CheckedHead((pass, features) -> logits, part, "The backbone a");
      return head.logits(stub(Pass.class, flat), stub(Features.class, flat));
    }
  }

  /** Answers every call with an array. */
  private static <T> T stub(Class<T> type, NDArray answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> answer));
  }

  @Test
  void logitsAreAVectorOfTheRows() {
    try (NDManager manager = TestEngine.manager()) {
      NDArray sound = manager.ones(new Shape(4));
      assertThat(checked(manager, sound)).isSameAs(sound);
      for (Shape shape : new Shape[] {new Shape(4, 1), new Shape(3), new Shape()}) {
        assertThatThrownBy(() -> checked(manager, manager.ones(shape)))
            .isInstanceOf(MsrException.class)
            .hasMessageStartingWith(
                "[model/LOGIT_SHAPE] The backbone a returned logits of the shape %s and the type float32 for 4 rows; (4) and",
                shape);
      }
      assertThatThrownBy(() -> checked(manager, manager.ones(new Shape(4), DataType.FLOAT64)))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("the type float64");
    }
  }
}

package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.Script;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.runtime.model.TestEngine;

@Tag("engine")
class EngineTensorsTest {

  private static final String METHODS =
      """
        def halve(self: __torch__.M,
          x: List[Tensor]) -> List[Tensor]:
          return [torch.to(x[0], 15)]
        def sums(self: __torch__.M,
          x: List[Tensor],
          none: List[Tensor]) -> List[Tensor]:
          total = torch.to(torch.sum(torch.stack(x, 0), [0]), 6)
          return [total, torch.add(total, torch.len(none))]
      """;

  @Test
  void runsScriptsOrRefusesByName() {
    try (TensorEngine engine = TestEngine.open()) {
      EngineTensors tensors = new EngineTensors(engine);
      if (!tensors.runsScripts()) {
        assertThatThrownBy(() -> tensors.script(METHODS))
            .isInstanceOf(UnsupportedFeatureException.class)
            .hasMessageContaining("SCRIPT: MXNet runs no scripts. Set runtime.engine to PyTorch.");
        return;
      }
      try (Script script = tensors.script(METHODS);
          NDManager manager = tensors.newManager()) {
        // 1/3 has no end in binary: bfloat16 keeps eight bits of it, 0.333984375.
        NDArray third = manager.create(new float[] {1 / 3f, 2});
        NDArray half = script.call(manager, "halve", new NDList(third)).get(0);
        NDList sums = script.call(manager, "sums", new NDList(half, half, half), new NDList());
        assertThat(sums.get(0).toFloatArray()).containsExactly(1.0f, 6f);
        assertThat(sums.get(1).toFloatArray()).containsExactly(1.0f, 6f);
        assertThat(sums.get(0).getManager()).isSameAs(manager);
      }
    }
  }

  @Test
  void saysWhereASourceIsWrong() {
    try (TensorEngine engine = TestEngine.open()) {
      EngineTensors tensors = new EngineTensors(engine);
      if (tensors.runsScripts()) {
        String wrong = METHODS.replace("torch.stack", "torch.pile");
        assertThatThrownBy(() -> tensors.script(wrong).close())
            .isInstanceOf(EngineException.class)
            .hasMessageContaining("torch.pile");
      }
    }
  }

  @Test
  void modelsShareAThreadWhereTheEngineMayBeCalledByOne() {
    TensorEngine engine = TestEngine.open();
    try (TensorEngine other = TestEngine.open()) {
      boolean shared =
          engine.<Thread>call(Thread::currentThread) == other.<Thread>call(Thread::currentThread);
      assertThat(shared).isNotEqualTo(new EngineTensors(engine).isThreadSafe());
      assertThat(shared).isEqualTo(engine.engine().getEngineName().equals("MXNet"));

      engine.close();
      assertThat(other.<Integer>call(() -> 7)).as("after the other was closed").isEqualTo(7);
    }
  }
}

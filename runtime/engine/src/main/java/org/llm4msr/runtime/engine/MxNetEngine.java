package org.llm4msr.runtime.engine;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Script;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.runtime.config.RuntimeConfig;

/**
 * MXNet: gradients are recorded inside a gradient collector only, and reading an array waits for
 * the operations that fill it. Its threads are set by {@code OMP_NUM_THREADS} in the environment.
 * According to its documentation only one thread of a process may call it, so all models share that
 * thread.
 */
final class MxNetEngine extends TensorEngine {

  static final String NAME = "MXNet";
  static final EngineTraits TRAITS = new EngineTraits(false, false);

  private static final EngineThread ONLY = new EngineThread();

  private MxNetEngine(Engine engine, RuntimeConfig config) {
    super(engine, ONLY, config);
  }

  static MxNetEngine load(RuntimeConfig config) {
    return new MxNetEngine(find(NAME), config);
  }

  @Override
  public void shareForTraining() {}

  @Override
  public void recordGradients(boolean on) {}

  @Override
  public void infer(Runnable work) {
    call(
        () -> {
          work.run();
          return 0;
        });
  }

  @Override
  boolean isThreadSafe() {
    return false;
  }

  @Override
  boolean runsScripts() {
    return false;
  }

  @Override
  Script script(String methods) {
    throw new UnsupportedFeatureException(
        EngineFeature.SCRIPT.name(), "MXNet runs no scripts. Set runtime.engine to PyTorch.");
  }

  @Override
  public FloatBuffer read(NDArray array) {
    return array.toByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** Leaves the thread to others. */
  @Override
  public void close() {}
}

package org.llm4msr.runtime.model;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;

/** The engine and the device that this run of the tests is for. */
public final class TestEngine {

  public static final String NAME = System.getProperty("llm4msr.test.engine", "PyTorch");
  public static final String DEVICE = System.getProperty("llm4msr.test.device", "cpu");

  private TestEngine() {}

  public static Engine engine() {
    return TensorEngine.find(NAME);
  }

  public static TensorEngine open() {
    return TensorEngine.open(new RuntimeConfig(NAME, DEVICE, 2, "1GB", 0, false));
  }

  public static NDManager manager() {
    return engine().newBaseManager(TensorEngine.device(engine(), DEVICE));
  }

  /** Returns whether products can be computed by MKL. */
  public static boolean hasMkl() {
    try (NDManager manager = manager()) {
      return Mkl.serves(manager);
    }
  }
}

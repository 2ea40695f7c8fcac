package org.llm4msr.runtime.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

/** The engine that this run of the tests is for. */
public final class TestEngine {

  public static final String NAME = System.getProperty("llm4msr.test.engine", "PyTorch");

  private TestEngine() {}

  public static Engine engine() {
    return Engine.getEngine(NAME);
  }

  public static NDManager manager() {
    return engine().newBaseManager(Device.cpu());
  }
}

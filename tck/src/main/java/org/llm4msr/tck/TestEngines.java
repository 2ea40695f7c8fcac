package org.llm4msr.tck;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

/**
 * The engine that a run of the tests is for, named by the system property {@code
 * llm4msr.test.engine}: PyTorch where it is not set. One engine a JVM.
 */
public final class TestEngines {

  private TestEngines() {}

  /** Returns the engine. */
  public static Engine engine() {
    return Engine.getEngine(System.getProperty("llm4msr.test.engine", "PyTorch"));
  }

  /** Makes a manager on the CPU, for the caller to close. */
  public static NDManager manager() {
    return engine().newBaseManager(Device.cpu());
  }
}

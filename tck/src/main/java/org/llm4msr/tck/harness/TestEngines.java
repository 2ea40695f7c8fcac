package org.llm4msr.tck.harness;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.TensorService;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.EngineTensors;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * The engine and the device of a test run, named by the system properties {@code
 * llm4msr.test.engine}, by default PyTorch, and {@code llm4msr.test.device}, by default cpu. One
 * engine per JVM.
 */
public final class TestEngines {

  private static volatile @Nullable Engine loaded;
  private static volatile @Nullable Integer seed;

  private TestEngines() {}

  /** Returns the name of the engine, without loading it. */
  public static String name() {
    return System.getProperty("llm4msr.test.engine", RuntimeConfig.DEFAULT_ENGINE);
  }

  /** Returns the device in the form of {@code runtime.device}: cpu, auto, or gpu:N. */
  public static String device() {
    return System.getProperty("llm4msr.test.device", "cpu");
  }

  /** Returns the engine. */
  public static Engine engine() {
    Engine engine = loaded;
    if (engine == null) {
      engine = TensorEngine.find(name());
      seed = engine.getSeed();
      loaded = engine;
    }
    return engine;
  }

  /** Returns the engine if a test has asked for it. */
  public static Optional<Engine> loaded() {
    return Optional.ofNullable(loaded);
  }

  /** Makes a manager on the device, for the caller to close. */
  public static NDManager manager() {
    return engine().newBaseManager(TensorEngine.device(engine(), device()));
  }

  /** Returns the service that encoders get from the runtime: the engine, on the device. */
  public static TensorService tensors() {
    engine();
    return new EngineTensors(
        TensorEngine.open(new RuntimeConfig(name(), device(), 0, "1GB", 0, false)));
  }

  /** Restarts the engine's random numbers, as the runtime does before each step. */
  public static void seed(int value) {
    engine().setRandomSeed(value);
    seed = value;
  }

  /** Returns the seed that was last set here; null if there is none. */
  public static @Nullable Integer seed() {
    return seed;
  }
}

package org.llm4msr.runtime.engine;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDManager;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Script;
import org.llm4msr.api.TensorService;

/** Lends an engine to plugins that bring arrays of their own. */
public final class EngineTensors implements TensorService {

  private final TensorEngine engine;

  /** Makes the service; the engine stays the caller's. */
  public EngineTensors(TensorEngine engine) {
    this.engine = requireNonNull(engine, "engine is null");
  }

  @Override
  public NDManager newManager() {
    return engine.engine().newBaseManager(engine.device());
  }

  @Override
  public boolean isThreadSafe() {
    return engine.isThreadSafe();
  }

  @Override
  public boolean runsScripts() {
    return engine.features().contains(EngineFeature.SCRIPT);
  }

  @Override
  public Script script(String methods) {
    return engine.script(methods);
  }
}

package org.llm4msr.runtime.engine;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.runtime.files.Scratch;

/** What an encoder is given: folders, threads, and the engine once it asks for it. */
public final class EngineEncoderContext implements EncoderContext, AutoCloseable {

  private final Scratch scratch;
  private final Supplier<TensorEngine> opens;
  private @Nullable TensorEngine engine;

  /**
   * Makes the context of an encoder.
   *
   * @param opens gives the engine, which is closed with this
   */
  public EngineEncoderContext(Scratch scratch, Supplier<TensorEngine> opens) {
    this.scratch = scratch;
    this.opens = opens;
  }

  @Override
  public Path base() {
    return scratch.folder();
  }

  @Override
  public Path scratch() {
    return scratch.scratch();
  }

  @Override
  public int threads() {
    return scratch.threads();
  }

  @Override
  public synchronized TensorService tensors() {
    if (engine == null) {
      engine = opens.get();
    }
    return new EngineTensors(engine);
  }

  /** Returns where the engine computes; null if the encoder did not ask for it. */
  public synchronized @Nullable String device() {
    return engine == null ? null : engine.deviceName();
  }

  @Override
  public synchronized void close() {
    if (engine != null) {
      engine.close();
    }
  }
}

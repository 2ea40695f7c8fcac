package org.llm4msr.runtime.engine;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.files.Scratch;

/** What an encoder is given: folders, threads, and the engine once it asks for it. */
public final class EncoderPlace implements EncoderContext, AutoCloseable {

  private final Scratch scratch;
  private final RuntimeConfig config;
  private @Nullable TensorEngine engine;

  public EncoderPlace(Scratch scratch, RuntimeConfig config) {
    this.scratch = scratch;
    this.config = config;
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
      engine = TensorEngine.open(config);
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

package org.llm4msr.runtime.assembly;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.TensorEngine;

/**
 * Binds the tensor engine that a configuration names, opened when it is first needed. Whoever
 * replaces it by one of another name replaces the {@link RuntimeConfig} too, which tells what
 * plugins may need.
 */
public final class EngineModule extends AbstractModule {

  private final RuntimeConfig config;

  public EngineModule(RuntimeConfig config) {
    this.config = config;
  }

  @Override
  protected void configure() {
    bind(RuntimeConfig.class).toInstance(config);
  }

  @Provides
  @Singleton
  TensorEngine engine(RuntimeConfig runtime) {
    return TensorEngine.open(runtime);
  }
}

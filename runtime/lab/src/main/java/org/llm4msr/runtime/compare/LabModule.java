package org.llm4msr.runtime.compare;

import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import org.llm4msr.runtime.experiment.RuntimeModule;

/** The wiring of comparisons and searches, beside that of the runtime. */
public final class LabModule extends AbstractModule {

  private final RuntimeModule runtime;

  public LabModule(RuntimeModule runtime) {
    this.runtime = runtime;
  }

  @Override
  protected void configure() {
    install(runtime);
    bind(Comparisons.class).in(Singleton.class);
  }
}

package org.llm4msr.runtime.scoring;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import org.llm4msr.runtime.assembly.EngineModule;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.ModelModule;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleModel;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.ScoringConfig;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.engine.TensorEngine;

/** Binds the scorer of a bundle and its parts. */
final class ScoringModule extends AbstractModule {

  private final Bundle bundle;
  private final ScoringConfig stated;

  ScoringModule(Bundle bundle, ScoringConfig stated) {
    this.bundle = bundle;
    this.stated = stated;
  }

  @Override
  protected void configure() {
    install(new EngineModule(stated.runtime()));
    install(new ModelModule(stated.model()));
    bind(Bundle.class).toInstance(bundle);
    bind(Scorer.class);
  }

  @Provides
  ScoringConfig config(ModelConfig model, RuntimeConfig runtime) {
    return new ScoringConfig(
        model,
        stated.missing(),
        stated.missingItem(),
        stated.history(),
        stated.batchSize(),
        stated.scoring(),
        runtime);
  }

  @Provides
  @Singleton
  RowEncoder encoder(ScoringConfig config) {
    return BundleModel.encoder(bundle, config);
  }

  @Provides
  InferenceModel model(ScoringConfig config, RowEncoder encoder, TensorEngine engine) {
    try {
      return BundleModel.load(bundle, config, encoder, engine);
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }
}

package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.EngineEncoderContext;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.plugins.ContextWrappers;

/** Binds the encoder; its user closes the encoder, then its context. */
final class KnowledgeModule extends AbstractModule {

  private final Scratch scratch;

  KnowledgeModule(Scratch scratch) {
    this.scratch = scratch;
  }

  @Provides
  @Singleton
  EngineEncoderContext encoderContext(Provider<TensorEngine> engine) {
    return new EngineEncoderContext(scratch, () -> Wiring.get(engine));
  }

  @Provides
  KnowledgeEncoder encoder(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice,
      EngineEncoderContext encoderContext,
      RuntimeConfig runtime) {
    EngineFeatures.require(runtime.engine(), choice);
    KnowledgeEncoder encoder = choice.create(KnowledgeEncoderFactory::create, encoderContext);
    return ContextWrappers.of(choice.calls(), encoder);
  }
}

package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Provider;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import org.llm4msr.api.knowledge.EncoderContext;
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

/** Binds the makers of the encoder; its user closes the encoder, then its context. */
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
  Encoders encoders(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice,
      EngineEncoderContext encoderContext,
      RuntimeConfig runtime) {
    return creation -> {
      EngineFeatures.require(runtime.engine(), choice);
      return ContextWrappers.of(choice.calls(), choice.create(creation, encoderContext));
    };
  }

  /** Makes encoders of the configured kind. */
  interface Encoders {

    KnowledgeEncoder by(
        PluginChoice.Creation<
                KnowledgeEncoderFactory<Record>, Record, EncoderContext, KnowledgeEncoder>
            creation);

    /** Makes one that encodes. */
    default KnowledgeEncoder whole() {
      return by(KnowledgeEncoderFactory::create);
    }

    /** Makes one that counts tokens. */
    default KnowledgeEncoder counter() {
      return by(KnowledgeEncoderFactory::counter);
    }
  }
}

package org.llm4msr.runtime.engine;

import java.nio.file.Path;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.plugins.ContextWrappers;

/** An encoder that works outside of an experiment, with the engine if it asks for one. */
public final class LoadedEncoder implements AutoCloseable {

  private final Scratch scratch;
  private final EngineEncoderContext context;
  private final KnowledgeEncoder encoder;

  private LoadedEncoder(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice, RuntimeConfig runtime) {
    EngineFeatures.require(runtime.engine(), choice);
    scratch = runtime.scratch(Path.of("").toAbsolutePath());
    context = new EngineEncoderContext(scratch, () -> TensorEngine.open(runtime));
    try {
      KnowledgeEncoder made = choice.create(KnowledgeEncoderFactory::create, context);
      encoder = ContextWrappers.of(choice.calls(), made);
    } catch (RuntimeException | Error e) {
      try (scratch;
          context) {
        throw e;
      }
    }
  }

  /**
   * Loads the model of an encoder.
   *
   * @param runtime settings of the engine
   * @throws org.llm4msr.api.MsrException of the plugin
   */
  public static LoadedEncoder load(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice, RuntimeConfig runtime) {
    return new LoadedEncoder(choice, runtime);
  }

  /** Returns the encoder, which is closed with this. */
  public KnowledgeEncoder encoder() {
    return encoder;
  }

  @Override
  public void close() {
    try (scratch;
        context;
        encoder) {
      // Closed in the reverse order of creation.
    }
  }
}

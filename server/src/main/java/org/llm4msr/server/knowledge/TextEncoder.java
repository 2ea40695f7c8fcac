package org.llm4msr.server.knowledge;

import java.nio.file.Path;
import java.util.List;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.engine.EngineEncoderContext;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.plugins.ContextWrappers;
import org.llm4msr.server.refusal.KnowledgeRefusals;

/** Turns texts into vectors, one at a time. */
public final class TextEncoder implements AutoCloseable {

  private final String name;
  private final Scratch scratch;
  private final EngineEncoderContext context;
  private final KnowledgeEncoder encoder;

  /**
   * Loads the model of an encoder.
   *
   * @param loader gives the settings of the engine, if the encoder asks for one
   * @throws org.llm4msr.api.MsrException of the plugin
   */
  public TextEncoder(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice, ConfigLoader loader) {
    RuntimeConfig runtime = loader.bind(RuntimeConfig.class, List.of(), "the encoder");
    EngineFeatures.require(runtime.engine(), choice);
    name = choice.name();
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

  /** Returns what the encoder says of itself. */
  EncoderInfo info() {
    return encoder.info();
  }

  /**
   * Encodes a text.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/NO_ENCODER} if the encoder reads no texts;
   *     {@code knowledge/PROMPT_TOO_LONG}
   */
  synchronized float[] encode(String text) {
    if (encoder.readsKeys()) {
      throw KnowledgeRefusals.readsKeys(name);
    }
    return encoder.encode(List.of(text)).get(0).vector();
  }

  @Override
  public synchronized void close() {
    try (scratch;
        context;
        encoder) {
      // Closed in the reverse order of creation.
    }
  }
}

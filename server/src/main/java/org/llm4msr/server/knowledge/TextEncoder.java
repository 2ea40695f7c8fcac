package org.llm4msr.server.knowledge;

import java.util.List;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.engine.LoadedEncoder;
import org.llm4msr.server.refusal.KnowledgeRefusals;

/** Turns texts into vectors, one at a time. */
public final class TextEncoder implements AutoCloseable {

  private final String name;
  private final LoadedEncoder loaded;

  /**
   * Loads the model of an encoder.
   *
   * @param loader gives the settings of the engine, if the encoder asks for one
   * @throws org.llm4msr.api.MsrException of the plugin
   */
  public TextEncoder(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice, ConfigLoader loader) {
    name = choice.name();
    loaded = LoadedEncoder.load(choice, loader.bind(RuntimeConfig.class, List.of(), "the encoder"));
  }

  /** Returns what the encoder says of itself. */
  EncoderInfo info() {
    return loaded.encoder().info();
  }

  /**
   * Encodes a text.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/NO_ENCODER} if the encoder reads no texts;
   *     {@code knowledge/PROMPT_TOO_LONG}
   */
  synchronized float[] encode(String text) {
    KnowledgeEncoder encoder = loaded.encoder();
    if (encoder.readsKeys()) {
      throw KnowledgeRefusals.readsKeys(name);
    }
    return encoder.encode(List.of(text)).get(0).vector();
  }

  @Override
  public synchronized void close() {
    loaded.close();
  }
}

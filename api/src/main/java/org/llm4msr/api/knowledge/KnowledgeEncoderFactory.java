package org.llm4msr.api.knowledge;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Stability;

/** Makes knowledge encoders. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface KnowledgeEncoderFactory<C extends Record> extends PluginFactory<C> {

  /** Makes an encoder and loads its model. The caller closes it. */
  KnowledgeEncoder create(C config, EncoderContext context);

  /**
   * Makes an encoder that never encodes, but counts tokens and describes itself, without loading
   * weights or asking a service. What only a service knows is empty, and K 0.
   */
  default KnowledgeEncoder counter(C config, EncoderContext context) {
    return create(config, context);
  }

  /**
   * Checks, for {@code config check}, that the files that the settings name exist. Loads no model.
   *
   * @param base the folder against which paths in the configuration are resolved
   * @throws org.llm4msr.api.MsrException naming what is missing
   */
  default void check(C config, Path base) {}

  /**
   * Returns K, the length of the vectors, if the settings alone determine it. Settings that do not
   * fit K are refused before anything is extracted.
   */
  default OptionalInt dimension(C config) {
    return OptionalInt.empty();
  }
}

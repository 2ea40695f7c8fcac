package org.llm4msr.server.knowledge;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletionException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;

class TextEncoderTest {

  record None() {}

  /** Throws what its name says. */
  private record Failing(String error) implements KnowledgeEncoderFactory<None> {

    @Override
    public Class<None> configType() {
      return None.class;
    }

    @Override
    public KnowledgeEncoder create(None config, EncoderContext context) {
      if (error.equals("LinkageError")) {
        throw new NoClassDefFoundError("org/other/Lost");
      }
      throw new IllegalStateException("no model");
    }
  }

  /** Whoever starts the server explains errors by their types. */
  @ParameterizedTest
  @ValueSource(strings = {"LinkageError", "IllegalStateException"})
  void errorsOfTheEncoderStayWhatTheyAre(String error) {
    PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice =
        PluginChoice.of("failing", new Failing(error), new None());
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());

    assertThatThrownBy(() -> new TextEncoder(choice, loader))
        .isNotInstanceOf(CompletionException.class)
        .hasMessageContaining(error.equals("LinkageError") ? "org/other/Lost" : "no model");
  }
}

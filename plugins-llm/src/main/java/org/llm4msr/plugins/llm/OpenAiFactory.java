package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import java.util.OptionalInt;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders that ask a service for embeddings. */
@Plugin(
    name = "openai",
    description =
        "Asks any service with OpenAI's /v1/embeddings: vLLM, llama-server, Ollama, TEI and others")
public final class OpenAiFactory implements KnowledgeEncoderFactory<OpenAiConfig> {

  @Override
  public Class<OpenAiConfig> configType() {
    return OpenAiConfig.class;
  }

  @Override
  public KnowledgeEncoder create(OpenAiConfig config, EncoderContext context) {
    return OpenAiEncoder.open(config, context.base(), System::getenv);
  }

  @Override
  public KnowledgeEncoder counter(OpenAiConfig config, EncoderContext context) {
    return OpenAiEncoder.counter(config, context.base());
  }

  @Override
  public void check(OpenAiConfig config, Path base) {
    TokenCounter.check(config.tokenizer(), base);
  }

  @Override
  public OptionalInt dimension(OpenAiConfig config) {
    return config.dimensions() == null ? OptionalInt.empty() : OptionalInt.of(config.dimensions());
  }
}

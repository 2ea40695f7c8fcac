package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.plugins.llm.decoder.DecoderFactory;
import org.llm4msr.tck.KnowledgeEncoderConformance;

/** The encoders of this module keep the rules of the kit, with their defaults and without. */
class EncoderConformanceTest {

  @Nested
  class Hash extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new HashEncoderFactory();
    }
  }

  @Nested
  class SmallHash extends Hash {
    @Override
    protected List<String> settings() {
      return List.of("dimension=64", "maxTokens=40");
    }
  }

  @Nested
  class MiniLm extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new OnnxSentenceFactory();
    }
  }

  @Nested
  @Tag("engine")
  class TinyDecoder extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new DecoderFactory();
    }

    @Override
    protected Path base() {
      return Path.of("src/test/resources/org/llm4msr/plugins/llm/decoder").toAbsolutePath();
    }

    @Override
    protected List<String> settings() {
      return List.of("model=llama3", "tokenizer=stories260k/tokenizer.json");
    }
  }

  @Nested
  @Tag("slow")
  class GeneratingDecoder extends TinyDecoder {
    @Override
    protected List<String> settings() {
      return List.of(
          "model=llama3",
          "tokenizer=stories260k",
          "position=generated-end",
          "generatedTokens=5",
          "temperature=0.8",
          "topP=0.9",
          "batchTokens=200");
    }
  }

  @Nested
  @Tag("slow")
  class ChineseBge extends MiniLm {
    @Override
    protected List<String> settings() {
      return List.of("model=bge-small-zh-v1.5-q", "normalize=false");
    }
  }
}

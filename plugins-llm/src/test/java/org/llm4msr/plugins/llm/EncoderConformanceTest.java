package org.llm4msr.plugins.llm;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
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
  @Tag("slow")
  class ChineseBge extends MiniLm {
    @Override
    protected List<String> settings() {
      return List.of("model=bge-small-zh-v1.5-q", "normalize=false");
    }
  }
}

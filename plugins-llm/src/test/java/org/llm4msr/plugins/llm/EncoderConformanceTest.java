package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
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

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of("dimension=32"));
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

    @Override
    protected List<List<String>> otherSettings() {
      return and(settings(), "pooling=first", "normalize=false");
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

    @Override
    protected List<List<String>> otherSettings() {
      return and(settings(), "state=pre-norm", "l2=true", "position=generated-end");
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

    @Override
    protected List<List<String>> otherSettings() {
      return and(settings(), "temperature=0", "topP=0.5", "seed=9", "generatedTokens=2");
    }
  }

  @Nested
  @Tag("slow")
  class ChineseBge extends MiniLm {
    @Override
    protected List<String> settings() {
      return List.of("model=bge-small-zh-v1.5-q", "normalize=false");
    }

    @Override
    protected List<List<String>> otherSettings() {
      return and(settings(), "pooling=mean", "normalize=true");
    }
  }

  /** Returns the settings with one more, for each of the others. */
  private static List<List<String>> and(List<String> settings, String... others) {
    return Arrays.stream(others)
        .map(other -> Stream.concat(settings.stream(), Stream.of(other)).toList())
        .toList();
  }
}

package org.llm4msr.plugins.llm;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.tck.PromptBuilderConformance;

/** The prompt builder of this module keeps the rules of the kit in each style and language. */
class PromptConformanceTest {

  @Nested
  class Compact extends PromptBuilderConformance {
    @Override
    protected PromptBuilderFactory<?> factory() {
      return new Llm4msrPromptFactory();
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(
          List.of("style=full"),
          List.of("language=zh"),
          List.of("style=full", "expertKnowledge=Nights are quiet."),
          List.of("maxHistory=3"),
          List.of("maxItemLength=9"),
          List.of("maxItemPromptLength=9"));
    }
  }

  @Nested
  class FullChinese extends Compact {
    @Override
    protected List<String> settings() {
      return List.of("style=full", "language=zh", "maxHistory=0");
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of(), List.of("style=full", "language=zh", "maxHistory=4"));
    }
  }
}

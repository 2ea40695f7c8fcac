package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.harness.TestEngines;

@Tag("engine")
class DefaultEngineZooTest {

  static class Kit extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new DefaultEngineFactory();
    }
  }

  @Test
  void aFailureNamesThePlacesThatTakeTheDefaultEngine() {
    TestEngines.engine();

    KitRun run = KitRun.ofQuick(Kit.class);

    assertThat(run.broken()).as(run.text()).contains("GUARD-01");
    for (String rule : run.broken()) {
      assertThat(run.text(rule))
          .containsPattern(
              "check first:\n    - NDManager.newBaseManager\\(\\) at DefaultEngineFactory.java:\\d+ is a"
                  + " manager that nobody closes")
          .containsPattern(
              "\n    - Engine.getInstance\\(\\) at DefaultEngineFactory.java:\\d+ is the default engine");
    }
  }
}

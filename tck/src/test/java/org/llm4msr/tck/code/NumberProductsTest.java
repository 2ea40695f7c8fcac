package org.llm4msr.tck.code;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.zoo.HalvingFactory;

class NumberProductsTest {

  static class Kit extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new HalvingFactory();
    }
  }

  /** What else it breaks is chance: the backward pass reads memory that was given back. */
  @Test
  @Tag("engine")
  void oneBreaksItsRule() {
    TestEngines.engine();
    KitRun run = KitRun.of(Kit.class);

    assertThat(run.broken()).as(run.text()).contains("MODEL-25");
    assertThat(run.text()).containsPattern("actual: +\\[HalvingFactory.java:\\d+\\]");
  }

  @Test
  void everyFormIsFoundAndProductsOfArraysAreNot() {
    assertThat(NumberProducts.reachedFrom(ProductsByNumbers.class))
        .hasSize(4)
        .allSatisfy(place -> assertThat(place).startsWith("ProductsByNumbers.java:"));
    assertThat(NumberProducts.reachedFrom(ProductsOfArrays.class)).isEmpty();
  }
}

package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.BackboneConformance;

/** Each flaw of a backbone breaks its rule and no other. */
class BackboneZooTest extends ModelZooTest {

  static class Kit extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new ZooBackboneFactory();
    }
  }

  BackboneZooTest() {
    super(Kit.class);
    flaws(ModelFlaws.byRule());
    flaws(InputFlaws.byRule());
    flaws(GuardFlaws.byRule());
    flaw("BACKBONE-01", GivesAColumn::new);
    flaw("BACKBONE-02", HidesHidden::new);
  }

  private static final class GivesAColumn extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return y.expandDims(1);
    }
  }

  private static final class HidesHidden extends Flaw {
    @Override
    boolean hasHidden() {
      return false;
    }
  }
}

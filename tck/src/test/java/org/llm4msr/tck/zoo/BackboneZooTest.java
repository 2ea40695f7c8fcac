package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.harness.TestEngines;

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
    flaw("BACKBONE-03", ModelFlaws.GivesProbabilities::new);
  }

  @Test
  void rowsWhoseUnitsAreDeadNeedNoGradient() {
    KitRun run = inputRule(new HasDeadRows());

    assertThat(run.broken()).as(run.text()).isEmpty();
    assertThat(run.passed()).hasSize(1).first().asString().startsWith("MODEL-21 ");
  }

  @Test
  void theOtherRowsNeedOneBesideDeadOnes() {
    assertThat(inputRule(new HasDeadRowsAndNoGradient()).broken()).containsExactly("MODEL-21");
  }

  @Test
  void notAllRowsMayBeDead() {
    assertThat(inputRule(new IsDead()).broken()).containsExactly("MODEL-21");
  }

  @Test
  void hasHiddenIsTheSameAtEveryCall() {
    TestEngines.engine();
    Flaw inTurn = new HasHiddenInTurn();
    Flaw.CAGE.put(() -> inTurn);

    KitRun run = KitRun.ofRule("INPUT-04", Kit.class);

    assertThat(run.broken()).containsExactly("INPUT-04");
    assertThat(run.text()).contains("its declarations at another call", "hasHidden=false");
  }

  private static final class HasHiddenInTurn extends Flaw {
    private boolean has;

    @Override
    boolean hasHidden() {
      has = !has;
      return has;
    }
  }

  private static KitRun inputRule(Flaw flaw) {
    TestEngines.engine();
    Flaw.CAGE.put(() -> flaw);
    return KitRun.ofRule("MODEL-21", Kit.class);
  }

  /** Has a logit of zero if the sum of the input is negative, in about half of the rows. */
  private static class HasDeadRows extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return y.mul(Activation.relu(x.sum(new int[] {1})));
    }
  }

  private static final class HasDeadRowsAndNoGradient extends HasDeadRows {
    @Override
    NDArray input(Pass pass, NDArray x) {
      return x.stopGradient();
    }

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return super.output(pass, x.stopGradient(), y);
    }
  }

  private static final class IsDead extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return y.mul(0);
    }
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

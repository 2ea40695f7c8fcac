package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.KitRun;

/** Each flaw of a backbone breaks its rule and no other. */
@Tag("engine")
class BackboneZooTest {

  static class Zoo extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new ZooBackboneFactory();
    }
  }

  private static final Map<String, Supplier<Flaw>> FLAWS = new LinkedHashMap<>();

  static {
    FLAWS.putAll(ModelFlaws.byRule());
    FLAWS.putAll(InputFlaws.byRule());
    FLAWS.putAll(GuardFlaws.byRule());
    FLAWS.put("BACKBONE-01", GivesAColumn::new);
    FLAWS.put("BACKBONE-02", HidesHidden::new);
  }

  static Stream<String> rules() {
    return FLAWS.keySet().stream();
  }

  @AfterEach
  void heal() {
    Flaw.set(Flaw::new);
  }

  @Test
  void theSoundOneKeepsAllRules() {
    KitRun run = KitRun.of(Zoo.class);

    assertThat(run.failures()).isEmpty();
    assertThat(run.passed()).hasSizeGreaterThan(25);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void aFlawBreaksItsRuleAndNoOther(String rule) {
    Flaw.set(FLAWS.get(rule));

    KitRun run = KitRun.of(Zoo.class);

    assertThat(run.broken()).as(run.text()).containsExactly(rule);
    assertThat(run.text())
        .startsWith(rule + " ")
        .contains("plugin:   zoo (org.llm4msr.tck.zoo.ZooBackboneFactory), default settings")
        .contains(
            "expected: ", "actual: ", "check first:\n    - ", "seed:     7", "repeat:   mvn test");
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

package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.PluginConformance;
import org.llm4msr.tck.harness.TestEngines;

/**
 * The zoo of a kind that computes: adds what it needs from the engine to its flaws. PyTorch has the
 * features, MXNet lacks them.
 */
@Tag("engine")
abstract class ModelZooTest extends ZooTest<Flaw> {

  private static final boolean HAS_THEM = TestEngines.name().equals("PyTorch");

  /** The rules whose flaws are no operations of graphs, on any engine. */
  private static final Set<String> NOT_IN_GRAPHS = Set.of("MODEL-32", "FUSION-11");

  private final Class<? extends PluginConformance<?>> kit;

  /** What plugins break whose operations have no counterpart in graphs, and run on the engine. */
  private final Set<String> notRecorded;

  ModelZooTest(Class<? extends PluginConformance<?>> kit) {
    super(kit, Flaw.CAGE);
    this.kit = kit;
    notRecorded = HAS_THEM ? Set.of("RECORD-01") : Set.of();
  }

  @Override
  Set<String> alsoBroken(String rule) {
    return NOT_IN_GRAPHS.contains(rule)
        ? Set.of("RECORD-01")
        : rule.equals("MODEL-01") ? notRecorded : Set.of();
  }

  private static Set<String> with(Set<String> some, String... more) {
    return Stream.concat(some.stream(), Stream.of(more)).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @EnumSource(names = "TOP_K")
  void oneThatNamesAFeatureRunsWhereItIsAndIsRefusedElsewhere(EngineFeature feature) {
    KitRun run = runOf(Set.of(feature), Set.of(feature));

    assertThat(run.broken()).as(run.text()).isEqualTo(notRecorded);
    if (HAS_THEM) {
      assertThat(run.skipped()).isEmpty();
    } else {
      assertThat(run.passed())
          .extracting(name -> name.substring(0, name.indexOf(' ')))
          .containsExactlyInAnyOrder(
              "PLUGIN-01",
              "PLUGIN-02",
              "PLUGIN-03",
              "PLUGIN-04",
              "PLUGIN-05",
              "PLUGIN-06",
              "MODEL-04");
      assertThat(run.skipped())
          .isNotEmpty()
          .allSatisfy(
              reason ->
                  assertThat(reason)
                      .endsWith(
                          "declares to need [%s], which MXNet lacks; PLUGIN-06 tests the refusal"
                              .formatted(feature)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = "TOP_K")
  void oneThatUsesAFeatureInSecretBreaksOneRuleOnAnyEngine(EngineFeature feature) {
    KitRun run = runOf(Set.of(), Set.of(feature));

    assertThat(run.broken()).as(run.text()).isEqualTo(with(notRecorded, "MODEL-01"));
    assertThat(run.text())
        .contains(
            HAS_THEM
                ? "expected: engineFeatures(config) with [%s]\n  actual:   it returns []"
                    .formatted(feature)
                : "(%s) at org.llm4msr.tck.zoo.NeedsOfTheEngine.use(".formatted(feature));
  }

  @ParameterizedTest
  @EnumSource(names = {"GATHER", "SCATTER"})
  @Tag("slow")
  void theSameHoldsForOtherFeatures(EngineFeature feature) {
    oneThatNamesAFeatureRunsWhereItIsAndIsRefusedElsewhere(feature);
    oneThatUsesAFeatureInSecretBreaksOneRuleOnAnyEngine(feature);
  }

  @Test
  void oneThatNamesTheWrongFeatureBreaksBothRules() {
    KitRun run = runOf(Set.of(EngineFeature.GATHER), Set.of(EngineFeature.TOP_K));

    assertThat(run.broken())
        .isEqualTo(HAS_THEM ? with(notRecorded, "MODEL-01", "MODEL-04") : Set.<String>of());
  }

  @Test
  void oneThatNeedsWhatNoEngineHasBreaksOneRule() {
    KitRun run = runOf(Set.of(EngineFeature.BFLOAT16), Set.of());

    assertThat(run.broken()).containsExactly("PLUGIN-06");
    assertThat(run.text())
        .contains("expected: features that a supported engine has\n  actual:   [BFLOAT16]");
  }

  @Test
  void anOperationThatMxnetLacksAndNoFeatureNamesBreaksOneRuleThere() {
    Flaw.CAGE.put(BatchMatMul::new);

    KitRun run = KitRun.ofQuick(kit);

    assertThat(run.broken()).isEqualTo(HAS_THEM ? Set.of() : Set.of("MODEL-01"));
    assertThat(run.text())
        .contains(
            HAS_THEM ? "no failure" : "batchMatMul (no feature) at " + getClass().getPackageName());
  }

  @Test
  void oneThatCannotBeMadeBreaksOneRule() {
    TestEngines.engine();
    Flaw.CAGE.put(CannotBeMade::new);

    KitRun run = KitRun.ofQuick(kit);

    assertThat(run.broken()).containsExactly("RUN-01");
    assertThat(run.text()).contains("actual:   `create` threw IllegalStateException at line ");
    assertThat(run.skipped()).hasSizeGreaterThan(20);
  }

  private static final class CannotBeMade extends Flaw {
    @Override
    void create(ModelContext context) {
      throw new IllegalStateException("out of order");
    }
  }

  private KitRun runOf(Set<EngineFeature> named, Set<EngineFeature> used) {
    TestEngines.engine();
    Flaw.CAGE.put(() -> new NeedsOfTheEngine(named, used));
    return KitRun.ofQuick(kit);
  }

  private static final class BatchMatMul extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      NDArray rows = x.expandDims(1);
      NDArray squares = rows.batchMatMul(x.expandDims(2)).reshape(-1);
      return y.add(perRow(squares.mul(0), y));
    }
  }
}

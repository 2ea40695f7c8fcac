package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.harness.TestEngines;

/**
 * A reader, a generator, a prompt builder and an encoder that declare what an engine lacks; {@link
 * ModelZooTest} has the kinds that compute.
 */
@Tag("engine")
class EngineNeedsZooTest {

  /** What the plugins declare. */
  static final Cage<Set<EngineFeature>> DECLARED = new Cage<>(Set::of);

  private static final boolean HAS_IT = TestEngines.name().equals("PyTorch");

  static Stream<Class<?>> kits() {
    return Stream.of(
        ReaderZooTest.Kit.class,
        GeneratorZooTest.Kit.class,
        PromptZooTest.Kit.class,
        EncoderZooTest.Kit.class,
        FeatureSourceZooTest.Kit.class);
  }

  @AfterEach
  void declareNothing() {
    DECLARED.clear();
  }

  @ParameterizedTest
  @MethodSource("kits")
  void oneThatNamesAFeatureRunsWhereItIsAndIsRefusedElsewhere(Class<?> kit) {
    DECLARED.put(() -> Set.of(EngineFeature.SCRIPT));

    KitRun run = HAS_IT ? KitRun.ofRule("PLUGIN-06", kit) : KitRun.ofQuick(kit);

    assertThat(run.failures()).isEmpty();
    assertThat(run.passed()).anyMatch(name -> name.startsWith("PLUGIN-06 "));
    if (!HAS_IT) {
      assertThat(run.passed()).hasSize(6).allMatch(name -> name.startsWith("PLUGIN-"));
      assertThat(run.skipped())
          .isNotEmpty()
          .allMatch(
              reason ->
                  reason.endsWith(
                      "declares to need [SCRIPT], which MXNet lacks; PLUGIN-06 tests the refusal"));
    }
  }

  @ParameterizedTest
  @MethodSource("kits")
  void oneThatNeedsWhatNoEngineHasBreaksOneRule(Class<?> kit) {
    DECLARED.put(() -> Set.of(EngineFeature.BFLOAT16));

    KitRun run = KitRun.ofQuick(kit);

    assertThat(run.broken()).containsExactly("PLUGIN-06");
    assertThat(run.text())
        .contains("expected: features that a supported engine has\n  actual:   [BFLOAT16]");
  }
}

package org.llm4msr.tck.guard;

import ai.djl.engine.Engine;
import java.util.List;
import java.util.Objects;
import org.llm4msr.tck.harness.TestEngines;

/** The seed of the engine, which only the kit itself may set. */
final class SeedWatch implements ResourceWatch {

  @Override
  public List<String> leftovers() {
    return TestEngines.loaded().map(SeedWatch::leftovers).orElse(List.of());
  }

  private static List<String> leftovers(Engine engine) {
    Integer now = engine.getSeed();
    Integer expected = TestEngines.seed();
    if (Objects.equals(now, expected)) {
      return List.of();
    }
    TestEngines.seed(expected == null ? 0 : expected);
    return List.of("the engine's seed " + now + " in place of " + expected);
  }
}

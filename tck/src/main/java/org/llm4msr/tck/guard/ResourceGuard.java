package org.llm4msr.tck.guard;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.rule.RuleBroken;

/**
 * Fails a test that leaves something behind: an NDArray, an Arrow buffer, a thread, another context
 * class loader, seed of the engine, default locale, default time zone or standard stream. All
 * classes of the conformance kit have it; any other test can add it with one line, completely or in
 * part:
 *
 * <pre>{@code
 * @ExtendWith(ResourceGuard.class)
 * class MyTest { ... }
 *
 * class MyOtherTest {
 *   @RegisterExtension
 *   static final ResourceGuard guard = ResourceGuard.of(Guard.ARRAYS, Guard.ARROW);
 *   ...
 * }
 * }</pre>
 *
 * It checks before {@code @BeforeEach} and after {@code @AfterEach}, in all threads. Resources that
 * a field of the test class or {@code @BeforeAll} makes exist before and are no leak. Arrays are
 * searched in the engine that {@link TestEngines} or the runtime has loaded; {@link #of} with
 * {@link Guard#ARRAYS} loads it. With {@code -Dllm4msr.tck.debug=true} a failure shows where the
 * array or buffer was made.
 *
 * <p>All tests of a module have it if its {@code junit-platform.properties} contains {@code
 * junit.jupiter.extensions.autodetection.enabled=true}.
 */
public final class ResourceGuard implements BeforeEachCallback, AfterEachCallback {

  private static final Namespace NAMESPACE = Namespace.create(ResourceGuard.class);

  private final Set<Guard> guards;
  private final boolean loadsEngine;

  /** Makes a guard of everything; of arrays only if a test has loaded {@link TestEngines}. */
  public ResourceGuard() {
    this(EnumSet.allOf(Guard.class), false);
  }

  private ResourceGuard(Set<Guard> guards, boolean loadsEngine) {
    this.guards = guards;
    this.loadsEngine = loadsEngine;
  }

  /** Makes a guard of some things. */
  public static ResourceGuard of(Guard first, Guard... more) {
    Set<Guard> guards = EnumSet.of(first, more);
    return new ResourceGuard(guards, guards.contains(Guard.ARRAYS));
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (loadsEngine) {
      TestEngines.engine();
    }
    context.getStore(NAMESPACE).put(this, new Watches(guards));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Map<Guard, List<String>> all =
        context.getStore(NAMESPACE).remove(this, Watches.class).leftovers();
    if (context.getExecutionException().isPresent()) {
      return; // It could not clean up when it failed half-way; its own failure is the one to fix.
    }
    all.entrySet().stream()
        .findFirst()
        .ifPresent(
            entry -> {
              throw broken(entry.getKey(), entry.getValue(), context);
            });
  }

  private static RuleBroken broken(Guard guard, List<String> leftovers, ExtensionContext context) {
    return new RuleBroken(
        guard.rule(),
        context,
        "nothing left behind",
        leftovers.size() + " left behind:\n    - " + String.join("\n    - ", leftovers));
  }

  /** Returns whether allocations are recorded with their places, which takes time. */
  static boolean debug() {
    return Boolean.getBoolean("llm4msr.tck.debug");
  }
}

package org.llm4msr.tck.guard;

import java.util.EnumMap;
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
 * class loader or another seed of the engine. All classes of the conformance kit have it; any other
 * test can add it with one line, completely or in part:
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
    Map<Guard, ResourceWatch> watches = new EnumMap<>(Guard.class);
    guards.forEach(guard -> watches.put(guard, start(guard)));
    context.getStore(NAMESPACE).put(this, watches);
  }

  @Override
  @SuppressWarnings("unchecked") // What beforeEach put there.
  public void afterEach(ExtensionContext context) {
    Map<Guard, ResourceWatch> watches = context.getStore(NAMESPACE).remove(this, Map.class);
    boolean failed = context.getExecutionException().isPresent();
    RuleBroken broken = null;
    for (Map.Entry<Guard, ResourceWatch> entry : watches.entrySet()) {
      List<String> leftovers = entry.getValue().leftovers();
      // A test that failed half-way could not clean up; its own failure is the one to fix.
      if (!leftovers.isEmpty() && !failed && broken == null) {
        broken =
            new RuleBroken(
                entry.getKey().rule(),
                context,
                "nothing left behind",
                leftovers.size() + " left behind:\n    - " + String.join("\n    - ", leftovers));
      }
    }
    if (broken != null) {
      throw broken;
    }
  }

  /** Returns whether allocations are recorded with their places, which takes time. */
  static boolean debug() {
    return Boolean.getBoolean("llm4msr.tck.debug");
  }

  private static ResourceWatch start(Guard guard) {
    return switch (guard) {
      case ARRAYS -> new ArrayWatch();
      case ARROW -> new ArrowWatch();
      case THREADS -> new ThreadWatch();
      case CLASS_LOADER -> new ClassLoaderWatch();
      case SEED -> new SeedWatch();
    };
  }
}

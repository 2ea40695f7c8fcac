package org.llm4msr.tck.zoo;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.arrow.memory.RootAllocator;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.harness.TestEngines;

/** A flaw for each guard: the first model that is made leaves something behind. */
final class GuardFlaws {

  private GuardFlaws() {}

  /** Returns actions that leave something behind when they first run. */
  static Map<String, Runnable> leaks() {
    Map<String, Runnable> leaks = new LinkedHashMap<>();
    leaks.put("GUARD-01", once(GuardFlaws::leaveAnArray));
    leaks.put("GUARD-02", once(() -> new RootAllocator().buffer(64)));
    leaks.put("GUARD-03", once(GuardFlaws::leaveAThread));
    leaks.put(
        "GUARD-04",
        once(
            () ->
                Thread.currentThread()
                    .setContextClassLoader(
                        new ClassLoader(Thread.currentThread().getContextClassLoader()) {})));
    leaks.put("GUARD-05", once(() -> TestEngines.engine().setRandomSeed(12345)));
    leaks.put("GUARD-06", once(() -> Locale.setDefault(Locale.forLanguageTag("tlh"))));
    leaks.put("GUARD-07", once(() -> TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"))));
    leaks.put("GUARD-08", once(() -> System.setOut(new PrintStream(System.out, true, UTF_8))));
    return leaks;
  }

  /** Returns models that leave something behind. */
  static Map<String, Supplier<Flaw>> byRule() {
    Map<String, Supplier<Flaw>> flaws = new LinkedHashMap<>();
    leaks().forEach((rule, leak) -> flaws.put(rule, () -> new Leaks(leak)));
    // The harness seeds the engine itself before each step.
    flaws.put("GUARD-05", SeedsTheEngine::new);
    return flaws;
  }

  private static Runnable once(Runnable leak) {
    AtomicBoolean done = new AtomicBoolean();
    return () -> {
      if (done.compareAndSet(false, true)) {
        leak.run();
      }
    };
  }

  private static final class Leaks extends Flaw {
    private final Runnable leak;

    Leaks(Runnable leak) {
      this.leak = leak;
    }

    @Override
    void create(ModelContext context) {
      leak.run();
    }
  }

  private static final class SeedsTheEngine extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      if (!pass.training()) {
        TestEngines.engine().setRandomSeed(12345);
      }
      return y;
    }
  }

  private static void leaveAnArray() {
    NDManager manager = TestEngines.manager();
    manager.zeros(new Shape(3));
  }

  private static void leaveAThread() {
    Thread thread = new Thread(() -> await(new CountDownLatch(1)), "left behind");
    thread.setDaemon(true);
    thread.start();
  }

  private static void await(CountDownLatch never) {
    try {
      never.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

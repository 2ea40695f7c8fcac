package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.arrow.memory.RootAllocator;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.TestEngines;

/** A flaw for each guard: the first model that is made leaves something behind. */
final class GuardFlaws {

  private GuardFlaws() {}

  static Map<String, Supplier<Flaw>> byRule() {
    Map<String, Supplier<Flaw>> flaws = new LinkedHashMap<>();
    flaws.put("GUARD-01", once(GuardFlaws::leaveAnArray));
    flaws.put("GUARD-02", once(() -> new RootAllocator().buffer(64)));
    flaws.put("GUARD-03", once(GuardFlaws::leaveAThread));
    flaws.put(
        "GUARD-04",
        once(
            () ->
                Thread.currentThread()
                    .setContextClassLoader(
                        new ClassLoader(Thread.currentThread().getContextClassLoader()) {})));
    flaws.put("GUARD-05", SeedsTheEngine::new);
    return flaws;
  }

  private static Supplier<Flaw> once(Runnable leak) {
    AtomicBoolean done = new AtomicBoolean();
    return () ->
        new Flaw() {
          @Override
          void create(ModelContext context) {
            if (done.compareAndSet(false, true)) {
              leak.run();
            }
          }
        };
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

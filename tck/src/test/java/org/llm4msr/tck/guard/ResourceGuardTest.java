package org.llm4msr.tck.guard;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.CountDownLatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.harness.TestEngines;

@Tag("engine")
class ResourceGuardTest {

  private static final List<AutoCloseable> LEAKS = new ArrayList<>();

  @AfterEach
  void closeLeaks() throws Exception {
    for (AutoCloseable leak : LEAKS) {
      leak.close();
    }
    LEAKS.clear();
  }

  @Test
  void anArrayThatStaysOpenFailsTheTestThatMadeIt() {
    KitRun run = KitRun.of(LeavesAnArray.class);

    assertThat(run.broken()).containsExactly("GUARD-01");
    assertThat(run.passed()).containsExactly("closesIt()");
    assertThat(run.text())
        .startsWith(
            "GUARD-01 MUST: leaves no NDArray open\n  plugin:   " + LeavesAnArray.class.getName())
        .contains("expected: nothing left behind", "actual:   1 left behind")
        .contains("- float32 array of shape (2, 3) in the manager 'leaky'")
        .contains("check first:\n    - temporaries belong to pass.manager()")
        .contains("seed:     7\n  repeat:   mvn test -pl tck -am")
        .contains("-Dtest='ResourceGuardTest$LeavesAnArray#leavesIt'");
  }

  @Test
  void debugModeShowsWhereMemoryWasAskedFor() {
    System.setProperty("llm4msr.tck.debug", "true");
    try {
      assertThat(KitRun.of(LeavesAnArray.class).text())
          .contains("in the manager 'leaky', made")
          .contains(
              "at org.llm4msr.tck.guard.ResourceGuardTest.leaveAnArray(ResourceGuardTest.java:");
      assertThat(KitRun.of(LeavesABuffer.class).text())
          .contains("of the allocator 'ROOT', allocated")
          .contains("$LeavesABuffer.leavesIt(ResourceGuardTest.java:");
    } finally {
      System.clearProperty("llm4msr.tck.debug");
    }
  }

  @Test
  void arraysOfOtherThreadsAreSeen() {
    assertThat(KitRun.of(LeavesAnArrayOfAThread.class).broken()).containsExactly("GUARD-01");
  }

  @Test
  void anArrowBufferOfAnyAllocatorFailsTheTestThatMadeIt() {
    KitRun run = KitRun.of(LeavesABuffer.class);

    assertThat(run.broken()).containsExactly("GUARD-02");
    assertThat(run.text()).contains("- 64 bytes of the allocator 'ROOT'");
  }

  @Test
  void aThreadThatRunsOnFailsTheTestThatStartedIt() {
    KitRun run = KitRun.of(LeavesAThread.class);

    assertThat(run.broken()).containsExactly("GUARD-03");
    assertThat(run.text()).contains("- thread 'forgotten', which is at");
  }

  @Test
  void theContextClassLoaderIsPutBack() {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    KitRun run = KitRun.of(LeavesAClassLoader.class);

    assertThat(run.broken()).containsExactly("GUARD-04");
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
  }

  @Test
  void theSeedOfTheEngineIsPutBack() {
    TestEngines.seed(5);
    KitRun run = KitRun.of(LeavesASeed.class);

    assertThat(run.broken()).containsExactly("GUARD-05");
    assertThat(run.text()).contains("the engine's seed 99 in place of 5");
    assertThat(TestEngines.engine().getSeed()).isEqualTo(5);
  }

  @Test
  void theDefaultLocalesArePutBack() {
    Locale before = Locale.getDefault();
    Locale ofFormats = Locale.getDefault(Locale.Category.FORMAT);
    KitRun run = KitRun.of(LeavesALocale.class);

    assertThat(run.broken()).containsExactly("GUARD-06");
    assertThat(run.failures()).hasSize(2);
    assertThat(run.text()).contains("ar-EG in place of " + before.toLanguageTag());
    assertThat(Locale.getDefault()).isEqualTo(before);
    assertThat(Locale.getDefault(Locale.Category.FORMAT)).isEqualTo(ofFormats);
  }

  @Test
  void theDefaultTimeZoneIsPutBack() {
    TimeZone before = TimeZone.getDefault();
    KitRun run = KitRun.of(LeavesATimeZone.class);

    assertThat(run.broken()).containsExactly("GUARD-07");
    assertThat(run.text())
        .contains("the default time zone Asia/Kathmandu in place of " + before.getID());
    assertThat(TimeZone.getDefault()).isEqualTo(before);
  }

  @Test
  void theStandardStreamsArePutBack() {
    InputStream in = System.in;
    PrintStream out = System.out;
    PrintStream err = System.err;
    KitRun run = KitRun.of(LeavesStreams.class);

    assertThat(run.broken()).containsExactly("GUARD-08");
    assertThat(run.text())
        .contains("3 left behind")
        .contains("- another System.in", "- another System.out", "- another System.err");
    assertThat(System.in).isSameAs(in);
    assertThat(System.out).isSameAs(out);
    assertThat(System.err).isSameAs(err);
  }

  @Test
  void aTestThatFailsByItselfIsNotBlamedForWhatItCouldNotClose() {
    assertThat(KitRun.of(FailsHalfWay.class).text()).isEqualTo("its own failure");
  }

  private static void leaveAnArray() {
    NDManager manager = TestEngines.manager();
    manager.setName("leaky");
    manager.zeros(new Shape(2, 3));
    LEAKS.add(manager);
  }

  static class LeavesAnArray {
    @RegisterExtension static final ResourceGuard GUARD = ResourceGuard.of(Guard.ARRAYS);

    @Test
    void leavesIt() {
      leaveAnArray();
    }

    @Test
    void closesIt() {
      try (NDManager manager = TestEngines.manager()) {
        manager.zeros(new Shape(2, 3));
      }
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesAnArrayOfAThread {
    @Test
    void leavesIt() throws InterruptedException {
      Thread thread = new Thread(ResourceGuardTest::leaveAnArray);
      thread.start();
      thread.join();
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesABuffer {
    @Test
    void leavesIt() {
      RootAllocator allocator = new RootAllocator();
      ArrowBuf buffer = allocator.buffer(64);
      LEAKS.add(buffer);
    }

    @Test
    void closesIt() {
      try (RootAllocator allocator = new RootAllocator();
          ArrowBuf buffer = allocator.buffer(64)) {
        assertThat(buffer.capacity()).isEqualTo(64);
      }
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesAThread {
    @Test
    void leavesIt() {
      CountDownLatch end = new CountDownLatch(1);
      Thread thread = new Thread(() -> await(end), "forgotten");
      thread.setDaemon(true);
      thread.start();
      LEAKS.add(end::countDown);
    }

    @Test
    void leavesOneThatEnds() {
      new Thread(() -> {}, "ending").start();
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesAClassLoader {
    @Test
    void leavesIt() {
      Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesASeed {
    @Test
    void leavesIt() {
      TestEngines.engine().setRandomSeed(99);
    }

    @Test
    void setsItAsTheKitDoes() {
      TestEngines.seed(TestEngines.seed());
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesALocale {
    @Test
    void leavesIt() {
      Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    }

    @Test
    void leavesThatOfFormats() {
      Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG"));
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesATimeZone {
    @Test
    void leavesIt() {
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Kathmandu"));
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class LeavesStreams {
    @Test
    void leavesThem() {
      System.setIn(InputStream.nullInputStream());
      System.setOut(new PrintStream(System.out, true, UTF_8));
      System.setErr(new PrintStream(System.err, true, UTF_8));
    }
  }

  @ExtendWith(ResourceGuard.class)
  static class FailsHalfWay {
    @Test
    void fails() {
      leaveAnArray();
      throw new AssertionError("its own failure");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package org.llm4msr.testtimes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Measures each class of tests, writes {@code target/test-times/CLASS.tsv} (class, seconds of
 * processor time, seconds of the clock), and fails a class that takes more than {@link Limits} say.
 *
 * <p>JUnit finds it as a service. Processor time is that of this process and of those processes
 * started by it that ended.
 */
public final class TestTimes implements BeforeAllCallback, AfterAllCallback {

  private static final ExtensionContext.Namespace HERE =
      ExtensionContext.Namespace.create(TestTimes.class);
  private static final double TICKS_PER_SECOND = 100;

  private record Start(double processor, long nanos) {}

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    if (isOutermost(context)) {
      context.getStore(HERE).put(Start.class, new Start(processorSeconds(), System.nanoTime()));
    }
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    if (isOutermost(context)) {
      Start start = context.getStore(HERE).get(Start.class, Start.class);
      double processor = processorSeconds() - start.processor();
      double clock = (System.nanoTime() - start.nanos()) / (double) TimeUnit.SECONDS.toNanos(1);
      String name = context.getRequiredTestClass().getName();
      write(name, processor, clock);
      double seconds = Double.parseDouble(System.getProperty("llm4msr.test.seconds", "0"));
      if (seconds > 0) {
        Limits.read(seconds, Path.of(System.getProperty("llm4msr.test.slow")))
            .check(name, processor);
      }
    }
  }

  private static boolean isOutermost(ExtensionContext context) {
    return context.getRequiredTestClass().getEnclosingClass() == null;
  }

  private static void write(String name, double processor, double clock) throws IOException {
    Path folder = Files.createDirectories(Path.of("target", "test-times"));
    Files.writeString(
        folder.resolve(name + System.getProperty("llm4msr.test.engine", "") + ".tsv"),
        String.format(Locale.ROOT, "%s\t%.2f\t%.2f%n", name, processor, clock));
  }

  /** Returns user and system time of this process and of its children that ended. */
  static double processorSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    // The 14th to 17th value; the second, the name of the program, may have spaces.
    String[] values = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    double ticks = 0;
    for (int k = 11; k < 15; k++) {
      ticks += Long.parseLong(values[k]);
    }
    return ticks / TICKS_PER_SECOND;
  }
}

package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The memory that the process holds: heap, graphs and buffers beside it. Known on Linux. */
final class ResidentSize implements MeterBinder {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Pattern SIZE = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");
  private static final double KILO = 1024;

  @Override
  public void bindTo(MeterRegistry registry) {
    if (Files.exists(STATUS)) {
      Gauge.builder("process.resident.memory.bytes", ResidentSize::bytes)
          .description("Memory that the process holds, as the kernel counts it")
          .register(registry);
    }
  }

  private static double bytes() {
    try {
      Matcher size = SIZE.matcher(Files.readString(STATUS));
      return size.find() ? Double.parseDouble(size.group(1)) * KILO : Double.NaN;
    } catch (IOException e) {
      return Double.NaN;
    }
  }
}

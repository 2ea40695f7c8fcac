package org.llm4msr.checking;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;

/**
 * The process that {@code llm4msr plugins check} starts. It writes each step as a line of JSON, so
 * that the command knows how far it came if a plugin ends it.
 */
public final class Main {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Main() {}

  /**
   * Checks: {@code FOLDER REPORT [--config FILE]... [-D KEY=VALUE]... [--slow] [--plugins DIR]...}.
   */
  public static void main(String[] arguments) throws IOException {
    Locale.setDefault(Locale.ROOT);
    List<Path> configs = new ArrayList<>();
    boolean slow = false;
    List<String> overrides = new ArrayList<>();
    List<Path> roots = new ArrayList<>();
    for (int i = 2; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--slow" -> slow = true;
        case "--config" -> configs.add(Path.of(arguments[++i]));
        case "-D" -> overrides.add(arguments[++i]);
        case "--plugins" -> roots.add(Path.of(arguments[++i]));
        default -> throw new IllegalArgumentException(arguments[i]);
      }
    }
    try (BufferedWriter report = Files.newBufferedWriter(Path.of(arguments[1]))) {
      check(new PluginChecks(Path.of(arguments[0]), configs, overrides, slow, roots), report);
    }
    System.exit(0); // Threads that plugins left do not keep it.
  }

  private static void check(PluginChecks checks, BufferedWriter report) throws IOException {
    try {
      checks.run(step -> tell(step, report));
    } catch (MsrException e) {
      CheckFinding finding = new CheckFinding(e.code(), e.text(), null, null);
      tell(
          new CheckStep("-", "", "folders", State.FAILED, "", List.of(finding), List.of()), report);
    }
    tell(new CheckStep("", "", CheckStep.END, State.OK, "", List.of(), List.of()), report);
  }

  private static void tell(CheckStep step, BufferedWriter report) {
    try {
      report.write(JSON.writeValueAsString(step));
      report.newLine();
      report.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String line = progress(step);
    if (line != null) {
      System.out.println(line);
    }
  }

  private static @Nullable String progress(CheckStep step) {
    boolean isRule = step.name().startsWith("rule ");
    return step.state() != State.STARTED || isRule
        ? null
        : "%s: %s %s ...".formatted(step.folder(), step.subject(), step.name()).replace("  ", " ");
  }
}

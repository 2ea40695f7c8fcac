package org.llm4msr.tck;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstances;

/** Who is tested, and how to run one test again. */
final class Repetition {

  private Repetition() {}

  /** Returns the plugin of the test, or the test class where it is none of the kit's. */
  static String subject(ExtensionContext context) {
    return conformance(context)
        .map(PluginConformance::subject)
        .orElseGet(() -> context.getRequiredTestClass().getName());
  }

  /** Returns the kit class that a test belongs to. */
  static Optional<PluginConformance<?>> conformance(ExtensionContext context) {
    List<Object> instances =
        context.getTestInstances().map(TestInstances::getAllInstances).orElse(List.of());
    return instances.stream()
        .filter(PluginConformance.class::isInstance)
        .<PluginConformance<?>>map(PluginConformance.class::cast)
        .findFirst();
  }

  static String command(ExtensionContext context) {
    StringBuilder command = new StringBuilder("mvn test");
    String root = System.getProperty("llm4msr.root");
    Path here = Path.of("").toAbsolutePath();
    if (root != null && here.startsWith(root) && !here.equals(Path.of(root))) {
      command
          .append(" -pl ")
          .append(Path.of(root).relativize(here))
          .append(" -am -Dsurefire.failIfNoSpecifiedTests=false");
    }
    command.append(" -Dtest='").append(test(context)).append("'");
    if (TestEngines.loaded().isPresent()) {
      command.append(" -Dllm4msr.test.engine=").append(TestEngines.name());
    }
    boolean slow = context.getTags().contains("slow");
    return command
        .append(" -Dllm4msr.tck.seed=")
        .append(TestSeed.value())
        .append(slow ? " -Pfull" : "")
        .toString();
  }

  private static String test(ExtensionContext context) {
    String simple = context.getRequiredTestClass().getName().replaceFirst(".*\\.", "");
    return simple + "#" + context.getRequiredTestMethod().getName();
  }
}

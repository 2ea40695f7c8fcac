package org.llm4msr.tck.rule;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstances;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.harness.TestSeed;

/** Tells what is tested, and how to run one test again. */
public final class Repetition {

  /** The system property, or parameter of JUnit, that leaves out all rules but one. */
  public static final String ONE_RULE = "llm4msr.tck.rule";

  private Repetition() {}

  /** Returns the plugin of the test, or the test class if the test is not part of the kit. */
  static String subject(ExtensionContext context) {
    return instance(context, TestSubject.class)
        .map(TestSubject::subject)
        .orElseGet(() -> context.getRequiredTestClass().getName());
  }

  static List<String> hints(ExtensionContext context, RuleInfo rule) {
    return instance(context, TestSubject.class).map(it -> it.hints(rule)).orElse(List.of());
  }

  /** Returns the first of the test's instances that has a type. */
  public static <T> Optional<T> instance(ExtensionContext context, Class<T> type) {
    List<Object> instances =
        context.getTestInstances().map(TestInstances::getAllInstances).orElse(List.of());
    return instances.stream().filter(type::isInstance).map(type::cast).findFirst();
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
    rule(context).ifPresent(id -> command.append(" -D" + ONE_RULE + "=").append(id));
    if (TestEngines.loaded().isPresent()) {
      command.append(" -Dllm4msr.test.engine=").append(TestEngines.name());
      command.append(" -Dllm4msr.test.device=").append(TestEngines.device());
    }
    boolean slow = context.getTags().contains("slow");
    return command
        .append(" -Dllm4msr.tck.seed=")
        .append(TestSeed.value())
        .append(slow ? " -Pfull" : "")
        .toString();
  }

  private static Optional<String> rule(ExtensionContext context) {
    return context.getTestMethod().map(m -> m.getAnnotation(Rule.class)).map(Rule::id);
  }

  /** Rules are inherited, so they are chosen by their id; other tests by their method. */
  private static String test(ExtensionContext context) {
    Class<?> type =
        context
            .getTestInstances()
            .<Class<?>>map(instances -> instances.getAllInstances().get(0).getClass())
            .orElse(context.getRequiredTestClass());
    String simple = type.getName().replaceFirst(".*\\.", "");
    return rule(context).isPresent()
        ? simple
        : simple + "#" + context.getRequiredTestMethod().getName();
  }
}

package org.llm4msr.tck;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.llm4msr.tck.rule.Repetition;
import org.llm4msr.tck.rule.RuleBroken;

/**
 * The result of running separate test classes within a test.
 *
 * @param passed display names of the tests that passed
 * @param skipped display names of skipped tests
 * @param failures of the other tests
 */
public record KitRun(List<String> passed, List<String> skipped, List<Throwable> failures) {

  /** Runs a test class, slow tests included. */
  public static KitRun of(Class<?> testClass) {
    return of(LauncherDiscoveryRequestBuilder.request().selectors(selectClass(testClass)));
  }

  /** Runs a test class without its slow tests. */
  public static KitRun ofQuick(Class<?> testClass) {
    return of(
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(testClass))
            .filters(TagFilter.excludeTags("slow")));
  }

  /** Runs one rule of a test class, as {@code -Dllm4msr.tck.rule} does. */
  public static KitRun ofRule(String id, Class<?> testClass) {
    return of(
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(testClass))
            .configurationParameter(Repetition.ONE_RULE, id));
  }

  private static KitRun of(LauncherDiscoveryRequestBuilder request) {
    KitRun run = new KitRun(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    LauncherFactory.create().execute(request.build(), run.new Listener());
    return run;
  }

  /** Returns the ids of the rules that were broken. */
  public Set<String> broken() {
    Set<String> ids = new TreeSet<>();
    for (Throwable failure : failures) {
      ids.add(
          failure instanceof RuleBroken rule ? rule.rule().id() : "none of the kit: " + failure);
    }
    return ids;
  }

  /** Returns the text of the failure of a rule, or of the first one. */
  public String text(String id) {
    return failures.stream()
        .map(failure -> String.valueOf(failure.getMessage()))
        .filter(text -> text.startsWith(id + " "))
        .findFirst()
        .orElseGet(this::text);
  }

  /** Returns the text of the first failure. */
  public String text() {
    return failures.isEmpty() ? "no failure" : String.valueOf(failures.get(0).getMessage());
  }

  private final class Listener implements TestExecutionListener {

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
      skipped.add(test.getDisplayName() + ": " + reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      Throwable thrown = result.getThrowable().orElse(null);
      if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
        executionSkipped(test, String.valueOf(thrown));
      } else if (thrown != null) {
        failures.add(thrown);
      } else if (test.isTest()) {
        passed.add(test.getDisplayName());
      }
    }
  }
}

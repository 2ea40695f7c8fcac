package org.llm4msr.tck;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.llm4msr.tck.code.Fault;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.rule.Repetition;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.tck.rule.RuleBroken;
import org.llm4msr.tck.rule.RuleInfo;
import org.opentest4j.TestAbortedException;

/**
 * Turns anything that a rule throws into a {@link RuleBroken}, and skips rules that cannot be
 * tested. A {@link Fault} of the plugin that several rules meet breaks the first one, and aborts
 * the others.
 */
public final class RuleExtension
    implements ExecutionCondition,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

  private static final Namespace NAMESPACE = Namespace.create(RuleExtension.class);

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    RuleInfo rule = rule(context).orElse(null);
    PluginConformance<?> plugin = conformance(context).orElse(null);
    if (rule == null || plugin == null) {
      return ConditionEvaluationResult.enabled("no rule");
    }
    String only = context.getConfigurationParameter(Repetition.ONE_RULE).orElse(rule.id());
    if (!only.equals(rule.id())) {
      Rules.requireKnown(only);
      return ConditionEvaluationResult.disabled("only " + only + " was asked for");
    }
    Optional<String> reason = plugin.leftOut(rule);
    return reason
        .map(ConditionEvaluationResult::disabled)
        .orElseGet(() -> ConditionEvaluationResult.enabled("a rule of the kit"));
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw reported(context, thrown);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw reported(context, thrown);
  }

  private static Throwable reported(ExtensionContext context, Throwable thrown) {
    RuleInfo rule = rule(context).orElse(null);
    PluginConformance<?> plugin = conformance(context).orElse(null);
    if (rule == null || plugin == null || thrown instanceof TestAbortedException) {
      return thrown;
    }
    Optional<String> excuse = plugin.excuse(rule);
    if (excuse.isPresent()) {
      return new TestAbortedException(excuse.get(), thrown);
    }
    Fault fault = Fault.of(thrown, plugin.codeOfPlugin()).orElse(null);
    if (fault != null) {
      String first = firstToMeet(fault, rule, thrown, context, plugin);
      if (!first.equals(rule.id())) {
        return new TestAbortedException("%s, which %s reports".formatted(fault, first));
      }
    }
    String exchange = plugin.lastExchange();
    if (thrown instanceof Finding finding) {
      return new RuleBroken(rule, context, finding.expected(), finding.actual(), exchange, null);
    }
    String actual = fault == null ? thrown.toString() : fault.describe(thrown);
    return new RuleBroken(rule, context, "no exception", actual, exchange, thrown);
  }

  /**
   * Returns the rule that fails with a fault: the first that met it in this test class with these
   * settings. A rule that expects exceptions, and makes a finding of one, hides it from no other.
   */
  @SuppressWarnings("unchecked") // What this method puts there.
  private static String firstToMeet(
      Fault fault,
      RuleInfo rule,
      Throwable thrown,
      ExtensionContext context,
      PluginConformance<?> plugin) {
    Map<Fault, String> met =
        context
            .getRoot()
            .getStore(NAMESPACE)
            .getOrComputeIfAbsent(
                new Tested(plugin.getClass(), plugin.settings()),
                tested -> new ConcurrentHashMap<>(),
                Map.class);
    String first = thrown instanceof Finding ? met.get(fault) : met.putIfAbsent(fault, rule.id());
    return first == null ? rule.id() : first;
  }

  private record Tested(Class<?> test, List<String> settings) {}

  private static Optional<PluginConformance<?>> conformance(ExtensionContext context) {
    return Repetition.instance(context, PluginConformance.class).map(plugin -> plugin);
  }

  private static Optional<RuleInfo> rule(ExtensionContext context) {
    return context
        .getTestMethod()
        .filter(method -> method.isAnnotationPresent(Rule.class))
        .map(Rules::info);
  }
}

package org.llm4msr.tck;

import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.rule.Repetition;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.tck.rule.RuleBroken;
import org.llm4msr.tck.rule.RuleInfo;
import org.opentest4j.TestAbortedException;

/**
 * Turns anything that a rule throws into a {@link RuleBroken}, and skips rules that cannot be
 * tested.
 */
public final class RuleExtension
    implements ExecutionCondition,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

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
    if (rule == null || thrown instanceof TestAbortedException) {
      return thrown;
    }
    Optional<PluginConformance<?>> plugin = conformance(context);
    Optional<String> excuse = plugin.flatMap(p -> p.excuse(rule));
    if (excuse.isPresent()) {
      return new TestAbortedException(excuse.get(), thrown);
    }
    String exchange = plugin.map(PluginConformance::lastExchange).orElse("");
    return thrown instanceof Finding finding
        ? new RuleBroken(rule, context, finding.expected(), finding.actual(), exchange, null)
        : new RuleBroken(rule, context, "no exception", String.valueOf(thrown), exchange, thrown);
  }

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

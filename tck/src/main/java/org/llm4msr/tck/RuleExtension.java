package org.llm4msr.tck;

import java.lang.reflect.Method;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** Turns whatever a rule throws into a {@link RuleBroken}, and leaves out what cannot be tested. */
final class RuleExtension
    implements ExecutionCondition,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Rule rule = context.getTestMethod().map(m -> m.getAnnotation(Rule.class)).orElse(null);
    PluginConformance<?> plugin = Repetition.conformance(context).orElse(null);
    if (rule == null || plugin == null) {
      return ConditionEvaluationResult.enabled("no rule");
    }
    String only = System.getProperty(Repetition.ONE_RULE, rule.id());
    if (!only.equals(rule.id())) {
      return ConditionEvaluationResult.disabled("only " + only + " was asked for");
    }
    Optional<String> reason = plugin.leftOut(Rules.info(rule));
    return reason
        .map(ConditionEvaluationResult::disabled)
        .orElseGet(() -> ConditionEvaluationResult.enabled("a rule of the kit"));
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw told(context, thrown);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown)
      throws Throwable {
    throw told(context, thrown);
  }

  private static Throwable told(ExtensionContext context, Throwable thrown) {
    Rule rule = context.getTestMethod().map(RuleExtension::rule).orElse(null);
    if (rule == null || thrown instanceof TestAbortedException) {
      return thrown;
    }
    String exchange =
        Repetition.conformance(context).map(PluginConformance::lastExchange).orElse("");
    return thrown instanceof Finding finding
        ? new RuleBroken(
            Rules.info(rule), context, finding.expected(), finding.actual(), exchange, null)
        : new RuleBroken(
            Rules.info(rule), context, "no exception", String.valueOf(thrown), exchange, thrown);
  }

  private static @Nullable Rule rule(Method method) {
    return method.getAnnotation(Rule.class);
  }
}

package org.llm4msr.tck.rule;

import java.io.Serial;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.llm4msr.tck.harness.TestSeed;

/**
 * The failure of a rule: the rule, who broke it, what was expected and found, what to check first,
 * and the command that repeats it.
 */
public final class RuleBroken extends AssertionError {

  @Serial private static final long serialVersionUID = 1L;

  private final transient RuleInfo rule;

  /** Makes a failure in the test of a context. */
  public RuleBroken(RuleInfo rule, ExtensionContext context, String expected, String actual) {
    this(rule, context, expected, actual, "", null);
  }

  public RuleBroken(
      RuleInfo rule,
      ExtensionContext context,
      String expected,
      String actual,
      String exchange,
      @Nullable Throwable cause) {
    super(text(rule, context, expected, actual, exchange), cause);
    this.rule = rule;
  }

  /** Returns the rule. */
  public RuleInfo rule() {
    return rule;
  }

  private static String text(
      RuleInfo rule, ExtensionContext context, String expected, String actual, String exchange) {
    StringBuilder text = new StringBuilder();
    text.append(rule)
        .append("\n  plugin:   ")
        .append(Repetition.subject(context))
        .append("\n  expected: ")
        .append(expected)
        .append("\n  actual:   ")
        .append(actual);
    if (!exchange.isEmpty()) {
      text.append("\n  last exchange: ").append(exchange);
    }
    text.append("\n  check first:");
    Stream.concat(Repetition.hints(context, rule).stream(), rule.checkFirst().stream())
        .forEach(check -> text.append("\n    - ").append(check));
    return text.append("\n  seed:     ")
        .append(TestSeed.value())
        .append("\n  repeat:   ")
        .append(Repetition.command(context))
        .toString();
  }
}

package org.llm4msr.tck;

import java.lang.reflect.Method;
import java.util.List;
import org.junit.jupiter.api.DisplayNameGenerator;
import org.llm4msr.tck.rule.Rule;

/** Names tests by the rule: {@code BACKBONE-07 MUST: gives one logit per row}. */
final class RuleNames extends DisplayNameGenerator.ReplaceUnderscores {

  @Override
  public String generateDisplayNameForMethod(
      List<Class<?>> enclosingInstanceTypes, Class<?> testClass, Method testMethod) {
    return testMethod.isAnnotationPresent(Rule.class)
        ? Rules.info(testMethod).toString()
        : super.generateDisplayNameForMethod(enclosingInstanceTypes, testClass, testMethod);
  }
}

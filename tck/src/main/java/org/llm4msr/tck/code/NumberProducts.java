package org.llm4msr.tck.code;

import java.util.Set;

/**
 * The places where code multiplies arrays by numbers with DJL's own methods, which on PyTorch may
 * give a wrong gradient. They are found in class files, since no run reliably shows an occasional
 * fault.
 */
public final class NumberProducts {

  private static final Set<String> METHODS = Set.of("mul", "muli", "div", "divi", "pow", "powi");

  private NumberProducts() {}

  /**
   * Returns the places, such as {@code MyModel.java:12}, in a class and in the classes of its own
   * folder or jar that it uses.
   */
  public static Set<String> reachedFrom(Class<?> type) {
    return Calls.reachedFrom(type, NumberProducts::isProduct);
  }

  private static boolean isProduct(String owner, String method, String descriptor) {
    return owner.startsWith("ai/djl/")
        && METHODS.contains(method)
        && descriptor.contains("Ljava/lang/Number;");
  }
}

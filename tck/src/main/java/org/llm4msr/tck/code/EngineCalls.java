package org.llm4msr.tck.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The places where code takes the default engine in place of the one that it is given. */
public final class EngineCalls {

  private EngineCalls() {}

  /** Returns one hint for each method that a plugin calls so, with the places. */
  public static List<String> hints(Class<?> factory) {
    List<String> hints = new ArrayList<>();
    addHint(
        hints,
        factory,
        "ai/djl/ndarray/NDManager",
        "newBaseManager",
        "a manager that nobody closes, and of the default engine unless one is named, which need"
            + " not be that of the run: models make arrays with pass.manager(), others with"
            + " context.tensors().newManager()");
    addHint(
        hints,
        factory,
        "ai/djl/engine/Engine",
        "getInstance",
        "the default engine, which need not be that of the run: models have pass.manager(), others"
            + " context.tensors()");
    return hints;
  }

  private static void addHint(
      List<String> hints, Class<?> factory, String type, String method, String says) {
    Set<String> places =
        Calls.reachedFrom(
            factory, (owner, name, form) -> owner.equals(type) && name.equals(method));
    if (!places.isEmpty()) {
      String call = type.replaceFirst(".*/", "") + "." + method + "()";
      hints.add("%s at %s is %s".formatted(call, String.join(", ", places), says));
    }
  }
}

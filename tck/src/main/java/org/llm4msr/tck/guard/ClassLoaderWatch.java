package org.llm4msr.tck.guard;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The context class loader of the thread. */
final class ClassLoaderWatch implements ResourceWatch {

  private final Thread thread = Thread.currentThread();
  private final @Nullable ClassLoader before = thread.getContextClassLoader();

  @Override
  public List<String> leftovers() {
    ClassLoader after = thread.getContextClassLoader();
    if (after == before) {
      return List.of();
    }
    thread.setContextClassLoader(before);
    return List.of("the context class loader " + after + " in place of " + before);
  }
}

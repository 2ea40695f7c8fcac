package org.llm4msr.runtime.plugins;

/**
 * Makes a plugin's class loader the context class loader while its code runs, so that libraries
 * which look things up through it (service loaders, JDBC, XML and JSON parsers) see the plugin's
 * jars. Threads that the plugin starts inherit it.
 *
 * <pre>{@code
 * try (ContextLoader scope = ContextLoader.of(factory)) {
 *   return factory.create(config, context);
 * }
 * }</pre>
 */
public final class ContextLoader implements AutoCloseable {

  private final Thread thread;
  private final ClassLoader former;

  private ContextLoader(ClassLoader loader) {
    thread = Thread.currentThread();
    former = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
  }

  /** Enters the class loader of a factory or of something that it made. */
  public static ContextLoader of(Object part) {
    return ofLoader(part.getClass().getClassLoader());
  }

  /** Enters a class loader. */
  public static ContextLoader ofLoader(ClassLoader loader) {
    return new ContextLoader(loader);
  }

  /** Restores the previous loader, on the thread that entered. */
  @Override
  public void close() {
    thread.setContextClassLoader(former);
  }
}

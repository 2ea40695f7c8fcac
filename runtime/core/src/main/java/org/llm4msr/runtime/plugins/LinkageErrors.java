package org.llm4msr.runtime.plugins;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Turns an error of the JVM that means "these classes do not load" into one for users. */
public final class LinkageErrors {

  private LinkageErrors() {}

  /**
   * Returns the error with the plugin folder that it came from and the present versions.
   *
   * @param plugins knows the folder's jars
   */
  public static MsrException explain(LinkageError error, PluginRegistry plugins) {
    return ErrorSource.frame(error)
        .map(
            frame ->
                explain(
                    error,
                    ErrorSource.folder(frame),
                    plugins.loader(String.valueOf(frame.getClassLoaderName()))))
        .orElseGet(() -> explain(error, "the class path", PluginRegistry.class.getClassLoader()));
  }

  private static MsrException explain(LinkageError error, String where, ClassLoader loader) {
    PluginProblem problem = FactoryProblems.ofError(error, loader);
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/" + problem.code(),
        "Code of %s cannot be used: %s. %s"
            .formatted(where, problem.description(), problem.remedy()),
        error);
  }
}

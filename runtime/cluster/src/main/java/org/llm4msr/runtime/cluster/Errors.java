package org.llm4msr.runtime.cluster;

import java.util.function.Supplier;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.engine.EngineErrors;
import org.llm4msr.runtime.plugins.LinkageErrors;
import org.llm4msr.runtime.plugins.PluginFaults;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** Errors as a process of a cluster can pass them on: exceptions of the JDK. */
final class Errors {

  private Errors() {}

  /**
   * Does work.
   *
   * @throws IllegalArgumentException with code and text, for an error of the user
   * @throws IllegalStateException with code and text, for any other that has a code
   */
  static <T> T passOn(Supplier<T> work) {
    try {
      return work.get();
    } catch (MsrException e) {
      throw known(e);
    } catch (RuntimeException e) {
      throw EngineErrors.explain(e).or(() -> PluginFaults.explain(e)).map(Errors::known).orElse(e);
    }
  }

  /**
   * Returns any error of work as one with a code; {@code training/FAILED}, whose trace is printed,
   * where nobody knows it.
   *
   * @param plugins those that work with it
   */
  static MsrException explain(Throwable error, PluginRegistry plugins) {
    if (error instanceof MsrException known) {
      return known;
    }
    if (error instanceof LinkageError linkage) {
      return LinkageErrors.explain(linkage, plugins);
    }
    return EngineErrors.explain(error)
        .or(() -> PluginFaults.explain(error))
        .orElseGet(() -> unforeseen(error));
  }

  private static MsrException unforeseen(Throwable error) {
    error.printStackTrace();
    return new MsrException(
        ErrorType.INTERNAL,
        "training/FAILED",
        "Training failed with %s. The output of this process has where. Mend that and run the command again; it goes on from the last checkpoint."
            .formatted(error),
        error);
  }

  /** Returns an error of a node, whose memory the configuration does not set, with other advice. */
  static MsrException ofNode(MsrException error, String lessMemory) {
    String text = error.text().replace(DataErrors.MORE_MEMORY, lessMemory);
    return new MsrException(error.type(), error.code(), text, error);
  }

  private static RuntimeException known(MsrException error) {
    String text = String.valueOf(error.getMessage());
    RuntimeException passed =
        error.type() == ErrorType.USER
            ? new IllegalArgumentException(text)
            : new IllegalStateException(text);
    passed.setStackTrace(error.getStackTrace());
    return passed;
  }
}

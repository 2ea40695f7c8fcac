package org.llm4msr.runtime.cluster;

import java.util.function.Supplier;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.engine.EngineErrors;
import org.llm4msr.runtime.plugins.PluginFaults;

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

package org.llm4msr.runtime.cluster;

import java.util.Optional;
import java.util.function.Supplier;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.engine.KnownErrors;
import org.llm4msr.runtime.plugins.LinkageErrors;
import org.llm4msr.runtime.plugins.MemoryErrors;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Errors as a process of a cluster can pass them on: exceptions of the JDK. */
final class Errors {

  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

  private Errors() {}

  /**
   * Does work.
   *
   * @param plugins loads those that work with it; called for an error of their code alone
   * @throws IllegalArgumentException with code and text, for an error of the user
   * @throws IllegalStateException with code and text, for any other that has a code
   */
  static <T> T passOn(Supplier<PluginRegistry> plugins, Supplier<T> work) {
    try {
      return work.get();
    } catch (RuntimeException | Error e) {
      Optional<MsrException> known = explain(e, plugins);
      if (known.isPresent()) {
        throw passed(known.get(), e.getStackTrace());
      }
      throw e;
    }
  }

  /**
   * Returns any error of a worker as one with a code; {@code training/FAILED}, whose trace is
   * logged, where nobody knows it.
   *
   * @param plugins as for {@link #passOn}
   * @param worker its name
   */
  static MsrException explain(Throwable error, Supplier<PluginRegistry> plugins, String worker) {
    return explain(error, plugins).orElseGet(() -> unforeseen(error, worker));
  }

  private static Optional<MsrException> explain(Throwable error, Supplier<PluginRegistry> plugins) {
    if (error instanceof MsrException known) {
      return Optional.of(known);
    }
    if (error instanceof LinkageError linkage) {
      return Optional.of(LinkageErrors.explain(linkage, plugins.get()));
    }
    return KnownErrors.explain(error)
        .map(known -> new MsrException(known.type(), known.code(), ofNode(known.text()), error));
  }

  private static MsrException unforeseen(Throwable error, String worker) {
    LOG.error("{} failed.", worker, error);
    return new MsrException(
        ErrorType.INTERNAL,
        "training/FAILED",
        "%s failed with %s. The log of its executor has where. Mend that and run the command again, without --force: it goes on from the last checkpoint."
            .formatted(worker, error),
        error);
  }

  /** Returns an error of a node, whose memory the configuration does not set, with other advice. */
  static MsrException ofNode(MsrException error, String lessMemory) {
    String text = error.text().replace(DataErrors.MORE_MEMORY, lessMemory);
    return new MsrException(error.type(), error.code(), text, error);
  }

  /** Returns the text of an error with the settings of a node's memory, not of this machine's. */
  private static String ofNode(String text) {
    return text.replace(MemoryErrors.MORE_HEAP, "Raise spark.executor.memory")
        .replace(
            MemoryErrors.MORE_DIRECT,
            "Raise -XX:MaxDirectMemorySize in spark.executor.extraJavaOptions, and spark.executor.memoryOverhead");
  }

  private static RuntimeException passed(MsrException error, StackTraceElement[] trace) {
    String text = ofNode(String.valueOf(error.getMessage()));
    RuntimeException passed =
        error.type() == ErrorType.USER
            ? new IllegalArgumentException(text)
            : new IllegalStateException(text);
    passed.setStackTrace(trace);
    return passed;
  }
}

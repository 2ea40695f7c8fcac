package org.llm4msr.runtime.engine;

import java.util.Optional;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.MemoryErrors;
import org.llm4msr.runtime.plugins.PluginFaults;

/** Errors of engines, of memory and of plugins, as users are told of them. */
public final class KnownErrors {

  private KnownErrors() {}

  /** Returns the error for users, if it is one of these. */
  public static Optional<MsrException> explain(Throwable error) {
    return EngineErrors.explain(error)
        .or(() -> MemoryErrors.explain(error))
        .or(() -> PluginFaults.explain(error))
        .or(() -> PluginFaults.fault(error));
  }
}

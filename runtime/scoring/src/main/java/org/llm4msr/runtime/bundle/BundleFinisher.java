package org.llm4msr.runtime.bundle;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.llm4msr.runtime.config.loading.ConfigLoader;

/** Adds to bundles what a service needs. Found through {@link java.util.ServiceLoader}. */
public interface BundleFinisher {

  /**
   * Writes a finished bundle; where that fails, the plain one, with a warning.
   *
   * @param target a folder that does not exist
   * @param loader knows the plugins
   * @param plain writes the bundle as it was trained into a folder that does not exist
   * @throws org.llm4msr.api.MsrException {@code bundle/NOT_WRITTEN} if neither can be written, or
   *     as {@code plain}
   */
  void write(Path target, ConfigLoader loader, Consumer<Path> plain);
}

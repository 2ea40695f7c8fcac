package org.llm4msr.runtime.bundle;

import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The bundle of a run for a ranker. */
public final class FinishedBundle {

  private static final Logger LOG = LoggerFactory.getLogger(FinishedBundle.class);

  private FinishedBundle() {}

  /**
   * Writes it with the finisher of the class path; the plain bundle, with a warning, if there is
   * none.
   *
   * @param plain writes the bundle as it was trained into a new folder
   */
  public static void write(Path target, ConfigLoader loader, Consumer<Path> plain) {
    ServiceLoader<BundleFinisher> finishers =
        ServiceLoader.load(BundleFinisher.class, FinishedBundle.class.getClassLoader());
    write(target, loader, plain, finishers.findFirst());
  }

  static void write(
      Path target, ConfigLoader loader, Consumer<Path> plain, Optional<BundleFinisher> finisher) {
    if (finisher.isPresent()) {
      finisher.get().write(target, loader, plain);
    } else {
      LOG.warn(
          "{} is not compiled: the class path has no compiler. Add llm4msr-compiler to it.",
          target);
      plain.accept(target);
    }
  }
}

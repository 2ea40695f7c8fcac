package org.llm4msr.serving.compiler;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.bundle.BundleFinisher;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.files.DurableFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a bundle with the graphs of its model. */
public final class CompiledBundle implements BundleFinisher {

  private static final Logger LOG = LoggerFactory.getLogger(CompiledBundle.class);

  @Override
  public void write(Path target, ConfigLoader loader, Consumer<Path> plain) {
    Path uncompiled = target.resolveSibling(target.getFileName() + "-uncompiled");
    try {
      DurableFiles.delete(uncompiled);
      plain.accept(uncompiled);
      try {
        new Compiler(loader).compile(Bundle.open(uncompiled), target);
        DurableFiles.delete(uncompiled);
      } catch (MsrException e) {
        LOG.warn("{} is not compiled: {}", target, e.getMessage());
        Files.move(uncompiled, target);
      } catch (RuntimeException e) {
        LOG.warn("{} is not compiled", target, e);
        Files.move(uncompiled, target);
      }
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "bundle/NOT_WRITTEN",
          "%s cannot be written: %s".formatted(target, e.getMessage()),
          e);
    }
  }
}

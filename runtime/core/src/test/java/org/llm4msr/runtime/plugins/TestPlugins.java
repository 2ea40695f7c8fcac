package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.api.PluginFactory;

/** Makes a registry of factories that stand in tests, without services files on the class path. */
public final class TestPlugins {

  private TestPlugins() {}

  /** Returns a registry that knows the factories given, and those of the class path. */
  public static PluginRegistry registry(Path folder, Class<?>... factories) {
    try {
      Path services = Files.createDirectories(folder.resolve("META-INF/services"));
      for (PluginKind kind : PluginKind.values()) {
        String lines =
            Arrays.stream(factories)
                .filter(factory -> kind.service().isAssignableFrom(factory))
                .map(factory -> factory.getName() + "\n")
                .reduce("", String::concat);
        Files.writeString(services.resolve(kind.service().getName()), lines);
      }
      return PluginRegistry.load(
          new URLClassLoader(
              new URL[] {folder.toUri().toURL()}, PluginFactory.class.getClassLoader()),
          List.of());
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

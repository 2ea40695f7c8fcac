package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/**
 * The class loader of one plugin folder. It sees the JDK, the {@link SharedPackages} of the runtime
 * and its own jars, but neither the other libraries of the runtime nor other plugins. So each
 * folder has its own versions of libraries.
 */
final class PluginClassLoader extends URLClassLoader {

  static {
    registerAsParallelCapable();
    // The JDK looks up its random generators once per process, through the context class loader:
    // through a plugin's, it would not find those of module jdk.random, not even for the runtime.
    try (ContextLoader scope = ContextLoader.ofLoader(ClassLoader.getSystemClassLoader())) {
      RandomGeneratorFactory<RandomGenerator> unused = RandomGeneratorFactory.getDefault();
    }
  }

  private final ClassLoader host;
  private final Path folder;
  private final List<Path> jars;

  /** Makes a loader; its name shows in stack traces, as {@code plugin:NAME//}. */
  PluginClassLoader(Path folder, List<Path> jars, ClassLoader host) {
    super(
        ErrorSource.LOADER + folder.getFileName(),
        urls(jars),
        ClassLoader.getPlatformClassLoader());
    this.host = host;
    this.folder = folder;
    this.jars = List.copyOf(jars);
  }

  private static URL[] urls(List<Path> jars) {
    URL[] urls = new URL[jars.size()];
    for (int i = 0; i < urls.length; i++) {
      try {
        urls[i] = jars.get(i).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException(e);
      }
    }
    return urls;
  }

  Path folder() {
    return folder;
  }

  List<Path> jars() {
    return jars;
  }

  /** Returns whether the runtime has a file. */
  boolean isOfRuntime(String file) {
    return host.getResource(file) != null;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (SharedPackages.holdClass(name)) {
      try {
        return host.loadClass(name);
      } catch (ClassNotFoundException e) {
        if (name.startsWith(SharedPackages.API)) {
          throw e;
        }
        // A part of a shared library that the runtime does not have, such as another DJL engine.
      }
    }
    return super.loadClass(name, resolve);
  }

  @Override
  public @Nullable URL getResource(String name) {
    URL shared = SharedPackages.holdResource(name) ? host.getResource(name) : null;
    return shared == null ? super.getResource(name) : shared;
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    Enumeration<URL> own = super.getResources(name);
    if (!SharedPackages.holdResource(name)) {
      return own;
    }
    List<URL> all = new ArrayList<>(Collections.list(host.getResources(name)));
    all.addAll(Collections.list(own));
    return Collections.enumeration(all);
  }
}

package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.JarFile;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * The class loader of one plugin folder. It sees the JDK, the {@link SharedPackages} of the runtime
 * and its own jars, but neither the other libraries of the runtime nor other plugins. So each
 * folder has its own versions of libraries. Code of a folder cannot end the process: {@link
 * ExitCalls}.
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
  private final Map<Path, JarFile> opened = new ConcurrentHashMap<>();

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

  /** Defines a class with its exit calls replaced; one without any, as its jar has it. */
  @Override
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    String path = name.replace('.', '/') + ".class";
    try {
      URL address = namesExit(path) ? findResource(path) : null;
      if (address != null && address.openConnection() instanceof JarURLConnection connection) {
        VerifiedClass original = VerifiedClass.read(connection);
        Optional<byte[]> replaced = ExitCalls.replacedIn(original.code());
        if (replaced.isPresent()) {
          return define(name, original, replaced.get());
        }
      }
    } catch (IOException e) {
      // The loader of the JDK reports it.
    }
    return super.findClass(name);
  }

  /** Looks at the bytes alone: to verify signatures for each class would take long. */
  private boolean namesExit(String path) throws IOException {
    for (Path jar : jars) {
      JarFile file = open(jar);
      ZipEntry entry = file.getEntry(path);
      if (entry != null) {
        try (InputStream in = file.getInputStream(entry)) {
          return ExitCalls.areNamedIn(in.readAllBytes());
        }
      }
    }
    return false;
  }

  private JarFile open(Path jar) throws IOException {
    JarFile known = opened.get(jar);
    if (known != null) {
      return known;
    }
    JarFile file = new JarFile(jar.toFile(), false, ZipFile.OPEN_READ, JarFile.runtimeVersion());
    JarFile first = opened.putIfAbsent(jar, file);
    if (first == null) {
      return file;
    }
    file.close(); // Another thread was faster.
    return first;
  }

  private Class<?> define(String name, VerifiedClass original, byte[] code) {
    int dot = name.lastIndexOf('.');
    if (dot >= 0) {
      definePackage(name.substring(0, dot), original);
    }
    CodeSource source = new CodeSource(original.jar(), original.signers());
    return defineClass(name, code, 0, code.length, source);
  }

  private void definePackage(String name, VerifiedClass original) {
    if (getDefinedPackage(name) == null) {
      try {
        definePackage(name, original.manifest(), original.jar());
      } catch (IllegalArgumentException e) {
        // Another thread has just defined it.
      }
    }
    Package known = getDefinedPackage(name);
    if (known != null && known.isSealed() && !known.isSealed(original.jar())) {
      throw new SecurityException("sealing violation: package " + name + " is sealed");
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (name.equals(PluginExit.class.getName())) {
      return PluginExit.class;
    }
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
  public void close() throws IOException {
    for (JarFile jar : opened.values()) {
      jar.close();
    }
    super.close();
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

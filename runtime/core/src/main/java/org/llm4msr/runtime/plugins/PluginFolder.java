package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.check.CheckFinding;

/** A plugin folder that is opened in order to be checked, with a class loader as in a run. */
public final class PluginFolder {

  private final Path path;
  private final List<Path> jars;
  private final @Nullable PluginClassLoader loader;
  private final @Nullable MsrException refusal;
  private final ClassLoader host;

  private PluginFolder(Path path, List<Path> jars, PluginFolders opened, ClassLoader host) {
    this.path = path;
    this.jars = List.copyOf(jars);
    this.loader = opened.loaders().isEmpty() ? null : opened.loaders().get(0);
    this.refusal = opened.broken().isEmpty() ? null : opened.broken().get(0).error();
    this.host = host;
  }

  /**
   * Opens the folders of a root; or the one folder that is given in place of a root: it holds jars,
   * and no folder with jars.
   *
   * @throws MsrException {@code plugin/NO_FOLDER} if it cannot be read
   */
  public static List<PluginFolder> in(Path folder) {
    ClassLoader host = PluginFolder.class.getClassLoader();
    List<PluginFolder> all = new ArrayList<>();
    for (Path path : isOne(folder) ? List.of(absolute(folder)) : PluginFolders.folders(folder)) {
      all.add(
          new PluginFolder(
              path, PluginFolders.jars(path), PluginFolders.openOne(path, host), host));
    }
    return all;
  }

  /** Returns whether a folder is a plugin's, not a root of such folders. */
  public static boolean isOne(Path folder) {
    return !PluginFolders.jars(folder).isEmpty()
        && PluginFolders.folders(folder).stream().allMatch(f -> PluginFolders.jars(f).isEmpty());
  }

  /**
   * Throws if a folder cannot be read.
   *
   * @throws MsrException {@code plugin/NO_FOLDER}
   */
  public static void requireReadable(Path folder) {
    List<Path> unused = PluginFolders.folders(folder);
  }

  private static Path absolute(Path folder) {
    return folder.toAbsolutePath().normalize();
  }

  /** Returns the folder. */
  public Path path() {
    return path;
  }

  /** Returns its jars. */
  public List<Path> jars() {
    return jars;
  }

  /** Returns why nothing is loaded from it, if so. */
  public Optional<MsrException> refusal() {
    return Optional.ofNullable(refusal);
  }

  /** Says which libraries in it are ignored; empty if none. */
  public Optional<String> ignoredLibraries() {
    return loader == null ? Optional.empty() : IgnoredLibraries.of(loader);
  }

  /** Returns the jars that register plugins; the others are libraries. */
  public List<Path> pluginJars() {
    return jars.stream().filter(PluginFolder::registersPlugins).toList();
  }

  private static boolean registersPlugins(Path jar) {
    try {
      return PluginJar.read(jar).registersPlugins();
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the names of the classes that the services files of plugins name. */
  public Set<String> factories() {
    Set<String> factories = new TreeSet<>();
    for (Path jar : jars) {
      try {
        factories.addAll(PluginJar.read(jar).providers());
      } catch (IOException e) {
        // The check of the jars tells it.
      }
    }
    return factories;
  }

  /**
   * Returns the class file that the loader would define a class from, whether it is the JDK's, the
   * runtime's or the folder's.
   *
   * @param name with slashes, for example {@code java/lang/String}
   */
  public @Nullable URL classFile(String name) {
    String file = name + ".class";
    String type = name.replace('/', '.');
    if (SharedPackages.holdClass(type)) {
      URL shared = host.getResource(file);
      if (shared != null || type.startsWith(SharedPackages.API)) {
        return shared;
      }
    }
    return loader == null ? null : loader.getResource(file);
  }

  /**
   * Has the JVM load a class as in a run, without running its code; returns what it makes of it.
   *
   * @param verify whether it also checks the code, and loads the types of the methods
   */
  public Optional<Throwable> load(String type, boolean verify) {
    try {
      Class<?> loaded = Class.forName(type, false, loader);
      if (verify) {
        Method[] unused = loaded.getDeclaredMethods();
      }
      return Optional.empty();
    } catch (ClassNotFoundException | LinkageError | SecurityException e) {
      return Optional.of(e);
    }
  }

  /**
   * Explains an error of the JVM that a class of the folder has met, or would meet.
   *
   * @param where the class, and what else is known of the place
   */
  public CheckFinding explain(Throwable error, String where) {
    PluginProblem problem = FactoryProblems.ofError(error, loader);
    return new CheckFinding(
        "plugin/" + problem.code(), problem.description(), where, problem.remedy());
  }
}

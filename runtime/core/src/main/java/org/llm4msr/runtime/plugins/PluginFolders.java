package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.plugins.check.JarContents;

/**
 * The folders {@code root/NAME/*.jar}, each with a class loader of its own. A wrongly packed folder
 * is left out, with the reason, and the others load.
 *
 * @param loaders of the sound folders, in the order of their names
 * @param damaged folders with a damaged jar, which tell no more than the names of their plugins
 * @param broken what is wrong with the others
 */
record PluginFolders(
    List<PluginClassLoader> loaders, List<Damaged> damaged, List<BrokenPlugin> broken) {

  /** A folder with a damaged jar. */
  record Damaged(PluginClassLoader loader, PluginProblem problem) {}

  private static final String JAR = ".jar";

  /**
   * Larger entries, such as native libraries, are left to {@code plugins check}: to read them would
   * take each command long.
   */
  private static final long READ_BYTES = 4 << 20;

  /** How deep classes are looked for where there is no jar. */
  private static final int DEPTH = 20;

  /**
   * Opens every folder below the root.
   *
   * @param host the loader of the packages that plugins share with the runtime
   * @throws MsrException {@code plugin/NO_FOLDER} if the root cannot be read
   */
  static PluginFolders open(Path root, ClassLoader host) {
    PluginFolders found = empty();
    for (Path path : visibleIn(root)) {
      if (Files.isDirectory(path)) {
        found.add(path, host);
      } else if (isJar(path)) {
        found.broken.add(looseJar(path));
      }
    }
    return found;
  }

  /** Opens one folder, wherever it is. */
  static PluginFolders openOne(Path folder, ClassLoader host) {
    PluginFolders found = empty();
    found.add(folder, host);
    return found;
  }

  private static PluginFolders empty() {
    return new PluginFolders(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  }

  /** Returns the folders in a root. */
  static List<Path> folders(Path root) {
    return visibleIn(root).stream().filter(Files::isDirectory).toList();
  }

  /** Returns the jars in a folder; none if it cannot be read, which {@link #openOne} tells. */
  static List<Path> jars(Path folder) {
    try {
      return visible(folder).stream().filter(PluginFolders::isJar).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static List<Path> visible(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths
          .filter(path -> !path.getFileName().toString().startsWith("."))
          .map(Path::toAbsolutePath)
          .map(Path::normalize)
          .sorted()
          .toList();
    }
  }

  private static List<Path> visibleIn(Path root) {
    try {
      return visible(root);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.USER,
          "plugin/NO_FOLDER",
          "%s is not a readable plugin folder. Choose a folder that holds one folder for each plugin."
              .formatted(root.toAbsolutePath()),
          e);
    }
  }

  private static boolean isJar(Path path) {
    return path.getFileName().toString().endsWith(JAR);
  }

  private static BrokenPlugin looseJar(Path jar) {
    String name = jar.getFileName().toString();
    PluginProblem problem =
        new PluginProblem(
            "LOOSE_JAR",
            "it is a jar, not a folder",
            "Move it into a folder of its own, for example %s."
                .formatted(jar.resolveSibling(name.replace(JAR, "")).resolve(name)));
    return PluginErrors.brokenFolder(jar, PluginOrigin.of(jar), problem, null);
  }

  private void add(Path folder, ClassLoader host) {
    List<Path> jars;
    try {
      jars = visible(folder).stream().filter(PluginFolders::isJar).toList();
    } catch (IOException e) {
      addBroken(folder, folder, unreadable(e), e);
      return;
    }
    Map<Path, PluginJar> read = new TreeMap<>();
    for (Path jar : jars) {
      try {
        read.put(jar, PluginJar.read(jar));
      } catch (IOException e) {
        addBroken(folder, jar, corrupt(jar, e), e);
        return;
      }
    }
    for (PluginJar jar : read.values()) {
      if (jar.holdsApi()) {
        addBroken(folder, jar.path(), apiBundled(jar), null);
        return;
      }
    }
    boolean registers = read.values().stream().anyMatch(PluginJar::registersPlugins);
    PluginProblem damage = damage(jars);
    if (damage != null && registers) {
      damaged.add(new Damaged(new PluginClassLoader(folder, jars, host), damage));
      return;
    }
    PluginProblem twice = twoVersions(List.copyOf(read.values()));
    if (damage != null) {
      addBroken(folder, folder, damage, null);
    } else if (twice != null) {
      addBroken(folder, folder, twice, null);
    } else if (jars.isEmpty()) {
      addBroken(folder, folder, noJar(folder), null);
    } else if (!registers) {
      addBroken(folder, folder, noServices(read.values()), null);
    } else {
      loaders.add(new PluginClassLoader(folder, jars, host));
    }
  }

  private void addBroken(Path folder, Path path, PluginProblem problem, @Nullable Throwable cause) {
    broken.add(
        PluginErrors.brokenFolder(folder, PluginOrigin.inFolder(folder, path), problem, cause));
  }

  private static PluginProblem unreadable(IOException error) {
    return new PluginProblem(
        "CORRUPT_JAR",
        "the folder cannot be read (%s)".formatted(FactoryProblems.describe(error)),
        "Fix its permissions: the user who runs llm4msr must be able to read it.");
  }

  private static PluginProblem corrupt(Path jar, IOException error) {
    return new PluginProblem(
        "CORRUPT_JAR",
        "%s is not a readable jar (%s)"
            .formatted(jar.getFileName(), FactoryProblems.describe(error)),
        JarContents.COPY_AGAIN);
  }

  /** Returns what is damaged in the first jar that has damage; null if none has. */
  private static @Nullable PluginProblem damage(List<Path> jars) {
    for (Path jar : jars) {
      List<JarContents.Damage> damage = JarContents.read(jar, READ_BYTES).damage();
      if (!damage.isEmpty()) {
        return new PluginProblem(
            "CORRUPT_JAR",
            "%s is damaged (%s)".formatted(jar.getFileName(), damage.get(0).text()),
            damage.get(0).remedy());
      }
    }
    return null;
  }

  private static PluginProblem apiBundled(PluginJar jar) {
    String name = jar.path().getFileName().toString();
    return name.startsWith("llm4msr-api-")
        ? new PluginProblem(
            "API_BUNDLED",
            name + " is the API, which comes from the runtime",
            "Delete it. In the plugin's POM, llm4msr-api has <scope>provided</scope>.")
        : new PluginProblem(
            "API_BUNDLED",
            name + " holds a copy of the API, which comes from the runtime",
            "In the plugin's POM give llm4msr-api <scope>provided</scope>; with the shade plugin"
                + " exclude org.llm4msr:llm4msr-api.");
  }

  /** Which of two classes of one name is loaded would depend on the names of the jars. */
  private static @Nullable PluginProblem twoVersions(List<PluginJar> jars) {
    for (PluginJar jar : jars) {
      for (PluginJar later : jars.subList(jars.indexOf(jar) + 1, jars.size())) {
        Set<String> both = jar.alsoIn(later);
        if (!both.isEmpty()) {
          return new PluginProblem(
              "TWO_VERSIONS",
              "%s (version %s) and %s (version %s) both hold %s"
                  .formatted(
                      jar.path().getFileName(),
                      PluginOrigin.of(jar.path()).version(),
                      later.path().getFileName(),
                      PluginOrigin.of(later.path()).version(),
                      String.join(", ", both)),
              "Delete the one that is not wanted; `mvn clean package` leaves no older one behind.");
        }
      }
    }
    return null;
  }

  private static PluginProblem noJar(Path folder) {
    if (holdsClasses(folder)) {
      return new PluginProblem(
          "NO_JAR",
          "it holds classes, and no jar",
          "Pack them: `mvn package` does, or `jar --create --file %1$s.jar --manifest"
                  .formatted(folder.getFileName())
              + " DIR/META-INF/MANIFEST.MF -C DIR .` for the folder DIR of the classes.");
    }
    return new PluginProblem(
        "NO_JAR",
        "it holds no jar",
        "Put the plugin's jar, and those of its own libraries, directly into it, not into a"
            + " folder below.");
  }

  private static boolean holdsClasses(Path folder) {
    try (Stream<Path> files =
        Files.find(folder, DEPTH, (file, about) -> file.toString().endsWith(".class"))) {
      return files.findAny().isPresent();
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private static PluginProblem noServices(Iterable<PluginJar> jars) {
    List<String> annotated = new ArrayList<>();
    Set<String> unknown = new java.util.TreeSet<>();
    for (PluginJar jar : jars) {
      annotated.addAll(jar.annotatedClasses());
      unknown.addAll(jar.unknownServices());
    }
    String description =
        "no jar in it has a services file META-INF/services/org.llm4msr.api...Factory";
    if (!unknown.isEmpty()) {
      description +=
          "; it has " + String.join(", ", unknown) + ", which this runtime does not know";
    }
    if (!unknown.isEmpty()) {
      return new PluginProblem(
          "NO_SERVICES",
          description,
          "It was written for another SPI version: compile it with the llm4msr-bom of this release,"
              + " whose annotation processor writes the file.");
    }
    if (annotated.isEmpty()) {
      return new PluginProblem(
          "NO_SERVICES",
          description + ", and no class carries @Plugin",
          "Is this the plugin's jar? Its factory needs @Plugin.");
    }
    return new PluginProblem(
        "NO_SERVICES",
        description + ", though " + String.join(", ", annotated) + " carries @Plugin",
        "The annotation processor llm4msr-processor writes the file: name llm4msr-processor in the"
            + " <annotationProcessorPaths> of maven-compiler-plugin, and set no -proc:none. With the"
            + " shade plugin add the ServicesResourceTransformer.");
  }
}

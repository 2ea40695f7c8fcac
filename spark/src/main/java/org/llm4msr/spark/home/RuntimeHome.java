package org.llm4msr.spark.home;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder with the runtime: what its archive unpacks, or a checkout that was built.
 *
 * @param folder the one that was named, for error texts
 * @param classPath jars, and folders of classes
 * @param plugins folders with one folder of jars for each plugin
 */
public record RuntimeHome(Path folder, List<Path> classPath, List<Path> plugins) {

  private static final Pattern VERSION = Pattern.compile("llm4msr-cluster-(\\d.*)\\.jar");
  private static final Pattern NATIVES = Pattern.compile("pytorch-native-cpu-[^-]+-(.+)\\.jar");

  public RuntimeHome {
    classPath = List.copyOf(classPath);
    plugins = List.copyOf(plugins);
  }

  /**
   * Opens a folder. An archive may hold its content in one folder more.
   *
   * @param process names this process in error texts
   * @throws JobException {@code spark/NO_HOME} if it does not hold the runtime
   */
  public static RuntimeHome open(Path folder, String process) {
    for (Path root : candidates(folder)) {
      if (Files.isDirectory(root.resolve("lib"))) {
        return new RuntimeHome(
            folder, jars(root.resolve("lib")), existing(root.resolve("plugins")));
      }
      Path file = root.resolve("dist/target/launcher/classpath.txt");
      if (Files.isRegularFile(file)) {
        return new RuntimeHome(
            folder,
            classPath(file),
            existing(
                root.resolve("plugins"),
                root.resolve("plugins-llama-cpp/target/launcher/plugins")));
      }
    }
    throw JobException.of(
        "spark/NO_HOME",
        "%s, of the %s, holds no llm4msr. Unpack its archive into this folder of every node, name another folder by spark.home in the configuration, or have Spark send the archive by spark.archive."
            .formatted(folder, process),
        null);
  }

  private static List<Path> candidates(Path folder) {
    List<Path> all = new ArrayList<>(List.of(folder));
    if (Files.isDirectory(folder)) {
      try (Stream<Path> inside = Files.list(folder)) {
        all.addAll(inside.filter(Files::isDirectory).sorted().toList());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all;
  }

  private static List<Path> jars(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> classPath(Path file) {
    try {
      return Stream.of(Files.readString(file, UTF_8).strip().split(File.pathSeparator))
          .map(Path::of)
          .filter(Files::exists)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> existing(Path... folders) {
    return Stream.of(folders).filter(Files::isDirectory).toList();
  }

  /**
   * Refuses another version than that of the job, and natives of another platform.
   *
   * @param version of the job; null where that is not known
   * @throws JobException {@code spark/OTHER_VERSION}, {@code spark/OTHER_PLATFORM}
   */
  public RuntimeHome fitting(@Nullable String version, String process) {
    List<String> names = classPath.stream().map(jar -> jar.getFileName().toString()).toList();
    String here = first(VERSION, names);
    if (version != null && here != null && !here.equals(version)) {
      throw JobException.of(
          "spark/OTHER_VERSION",
          "%s, of the %s, holds llm4msr %s, but the job is of %s. Unpack the archive of that version there."
              .formatted(folder, process, here, version),
          null);
    }
    List<String> platforms = all(NATIVES, names);
    String own = platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
    if (!platforms.isEmpty() && !platforms.contains(own)) {
      throw JobException.of(
          "spark/OTHER_PLATFORM",
          "%s, of the %s, is built for %s, but that is %s. Build llm4msr for it, or run executors on nodes of the other kind alone."
              .formatted(folder, process, String.join(", ", platforms), own),
          null);
    }
    return this;
  }

  private static @Nullable String first(Pattern pattern, List<String> names) {
    List<String> found = all(pattern, names);
    return found.isEmpty() ? null : found.get(0);
  }

  private static List<String> all(Pattern pattern, List<String> names) {
    return names.stream()
        .map(pattern::matcher)
        .filter(Matcher::matches)
        .map(match -> match.group(1))
        .toList();
  }

  /** Returns a platform as the natives of the engines name it. */
  static String platform(String system, String processor) {
    String os = system.toLowerCase(Locale.ROOT);
    String kind = os.startsWith("mac") ? "osx" : os.startsWith("windows") ? "win" : os;
    return kind
        + "-"
        + switch (processor) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch64";
          default -> processor;
        };
  }

  /** Returns the class path as a class loader takes it. */
  URL[] urls() {
    return classPath.stream().map(RuntimeHome::url).toArray(URL[]::new);
  }

  private static URL url(Path path) {
    try {
      return path.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalStateException("every file has a URL", e);
    }
  }
}

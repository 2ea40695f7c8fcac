package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.llm4msr.runtime.files.Checksums;

/**
 * Tells whether two plugins of the same name and version are the same code: SHA-256 over the names
 * and contents of what is in the plugin's jar and, in a plugin folder, in the private libraries
 * beside it. Left out is what another build of the same sources changes or nothing reads: time
 * stamps, the order of entries, the manifest, and {@code META-INF/maven}.
 */
final class CodeDigest {

  private static final Map<List<String>, String> KNOWN = new ConcurrentHashMap<>();

  private CodeDigest() {}

  /**
   * Returns the digest of a plugin's code in hexadecimal; empty if its jar is gone, or if it is one
   * jar of everything, which tells nothing about the plugin.
   *
   * @param origin where the factory came from
   */
  static String of(Class<?> factory, PluginOrigin origin) {
    if (origin.location().equals(PluginOrigin.of(CodeDigest.class).location())) {
      return "";
    }
    List<Path> places =
        factory.getClassLoader() instanceof PluginClassLoader plugin
            ? plugin.jars()
            : List.of(Path.of(origin.location()));
    try {
      List<String> state = places.stream().map(CodeDigest::state).toList();
      return KNOWN.computeIfAbsent(state, any -> digest(places));
    } catch (UncheckedIOException e) {
      return "";
    }
  }

  /** A jar that is built again under its name is another one. */
  private static String state(Path place) {
    try {
      return "%s %s %d".formatted(place, Files.getLastModifiedTime(place), Files.size(place));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String digest(List<Path> places) {
    List<String> entries = new ArrayList<>();
    for (Path place : places) {
      try {
        if (Files.isDirectory(place)) {
          addFolder(place, entries);
        } else {
          addJar(place, entries);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    Collections.sort(entries);
    return Checksums.of(String.join("\n", entries).getBytes(UTF_8));
  }

  private static void addJar(Path path, List<String> entries) throws IOException {
    try (JarFile jar = new JarFile(path.toFile(), false)) {
      for (ZipEntry entry : jar.stream().filter(entry -> counts(entry.getName())).toList()) {
        try (InputStream in = jar.getInputStream(entry)) {
          entries.add(entry(entry.getName(), in));
        }
      }
    }
  }

  private static void addFolder(Path root, List<String> entries) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(root)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      String name = root.relativize(file).toString();
      if (counts(name)) {
        try (InputStream in = Files.newInputStream(file)) {
          entries.add(entry(name, in));
        }
      }
    }
  }

  private static boolean counts(String name) {
    return !name.endsWith("/")
        && !name.equals(JarFile.MANIFEST_NAME)
        && !name.startsWith("META-INF/maven/");
  }

  private static String entry(String name, InputStream in) throws IOException {
    MessageDigest digest = Checksums.sha256();
    byte[] buffer = new byte[1 << 16];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      digest.update(buffer, 0, count);
    }
    return name + " " + Checksums.hex(digest.digest());
  }
}

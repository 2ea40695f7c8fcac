package org.llm4msr.runtime.experiment;

import ai.djl.engine.Engine;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.duckdb.DuckDBDriver;
import org.jspecify.annotations.Nullable;

/** The versions of the libraries that influence a result beside our own code. */
final class LibraryVersions {

  private LibraryVersions() {}

  static Map<String, String> versions() {
    Map<String, String> versions = new TreeMap<>();
    versions.put("djl", Engine.getDjlVersion());
    versions.put("arrow", version(VectorSchemaRoot.class));
    versions.put("duckdb", version(DuckDBDriver.class));
    return versions;
  }

  private static String version(Class<?> type) {
    String version = type.getPackage().getImplementationVersion();
    return version == null ? bundleVersion(type) : version;
  }

  /** Returns the version that the jar of a type states for OSGi, as DuckDB's does. */
  private static String bundleVersion(Class<?> type) {
    try {
      URLConnection connection = type.getResource(type.getSimpleName() + ".class").openConnection();
      String version =
          connection instanceof JarURLConnection jar
              ? jar.getMainAttributes().getValue("Bundle-Version")
              : null;
      return version == null ? "unknown" : version;
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** Returns the commit of the working tree that contains a folder; null if there is none. */
  static @Nullable String gitCommit(Path folder) {
    try {
      Process git =
          new ProcessBuilder("git", "rev-parse", "HEAD")
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .start();
      if (!git.waitFor(5, TimeUnit.SECONDS)) {
        git.destroyForcibly();
        return null;
      }
      String commit = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return git.exitValue() == 0 ? commit.strip() : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}

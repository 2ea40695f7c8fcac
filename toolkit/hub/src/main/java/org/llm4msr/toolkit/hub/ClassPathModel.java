package org.llm4msr.toolkit.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A folder in a jar of the class path. Its files are unpacked once into a cache folder named by
 * their checksums, because models are memory-mapped and native code opens them by path.
 */
final class ClassPathModel {

  private final String folder;
  private final UnaryOperator<String> environment;

  ClassPathModel(String folder, UnaryOperator<String> environment) {
    this.folder = folder.replaceAll("^/+|/+$", "");
    this.environment = environment;
  }

  String name() {
    return folder.substring(folder.lastIndexOf('/') + 1);
  }

  void check() {
    requiredUrl();
  }

  /** Unpacks the matching files and returns their folder. */
  Path extract(Predicate<String> wanted) {
    URL url = requiredUrl();
    try {
      if (url.getProtocol().equals("file")) {
        return Path.of(url.toURI());
      }
      JarURLConnection connection = (JarURLConnection) url.openConnection();
      connection.setUseCaches(false);
      try (JarFile jar = connection.getJarFile()) {
        return extract(jar, wanted);
      }
    } catch (Exception e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "model/NOT_UNPACKED",
          "cannot unpack the model %s of %s: %s. Check that the disk has room, or set LLM4MSR_CACHE to another folder."
              .formatted(folder, url, e.getMessage()),
          e);
    }
  }

  private Path extract(JarFile jar, Predicate<String> wanted) throws IOException {
    String prefix = folder + "/";
    List<JarEntry> entries =
        Collections.list(jar.entries()).stream()
            .filter(entry -> entry.getName().startsWith(prefix) && !entry.isDirectory())
            .filter(entry -> wanted.test(entry.getName().substring(prefix.length())))
            .toList();
    Path target = cache().resolve(name() + "-" + key(entries));
    if (Files.isDirectory(target)) {
      return target;
    }
    Files.createDirectories(cache());
    // Not a temporary folder, which other users could not read.
    Path unfinished = Files.createDirectory(cache().resolve(name() + "-" + UUID.randomUUID()));
    try {
      for (JarEntry entry : entries) {
        Path file = unfinished.resolve(entry.getName().substring(prefix.length())).normalize();
        if (!file.startsWith(unfinished)) {
          throw new IOException("its entry " + entry.getName() + " leads out of the folder");
        }
        Files.createDirectories(file.getParent());
        try (InputStream content = jar.getInputStream(entry)) {
          Files.copy(content, file);
        }
      }
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      delete(unfinished);
      if (!Files.isDirectory(target)) { // Else another process was faster.
        throw e;
      }
    }
    return target;
  }

  /** The key, from the jar's own checksums of its entries. */
  private static String key(List<JarEntry> entries) {
    StringBuilder lines = new StringBuilder();
    for (JarEntry entry : entries) {
      lines.append(entry.getName()).append(' ').append(entry.getSize()).append(' ');
      lines.append(entry.getCrc()).append('\n');
    }
    return DigestUtils.sha256Hex(lines.toString()).substring(0, 16);
  }

  private Path cache() {
    String cache = HubSettings.orElse(environment, "LLM4MSR_CACHE", "~/.cache/llm4msr");
    return HubSettings.path(cache).resolve("models");
  }

  private URL requiredUrl() {
    URL url = folder.isEmpty() ? null : resource();
    if (url == null) {
      throw new MsrException(
          ErrorType.USER,
          "model/NOT_FOUND",
          "there is no folder '%s' on the class path, with a config.json, tokenizer.json or model.onnx in it. Add the jar of the model."
              .formatted(folder));
    }
    return url;
  }

  /** Jars need not have entries for folders: a file that every model has leads to the jar. */
  private @Nullable URL resource() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    for (ClassLoader loader :
        context == null
            ? List.of(ClassPathModel.class.getClassLoader())
            : List.of(context, ClassPathModel.class.getClassLoader())) {
      for (String file : List.of("config.json", "tokenizer.json", "model.onnx")) {
        URL url = loader.getResource(folder + "/" + file);
        if (url != null) {
          return parent(url, file);
        }
      }
    }
    return null;
  }

  private static URL parent(URL url, String file) {
    if (!url.getProtocol().equals("file")) {
      return url;
    }
    try {
      return new URL(url.toString().substring(0, url.toString().length() - file.length()));
    } catch (java.net.MalformedURLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}

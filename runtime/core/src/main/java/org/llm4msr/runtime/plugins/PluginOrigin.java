package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.SpiVersion;

/**
 * Where a plugin came from.
 *
 * @param location the jar or the folder of classes
 * @param version the {@code Implementation-Version} of the jar's manifest, or {@code unknown}
 * @param spiVersion the SPI version that the jar's manifest states; null if there is none
 * @param folder the plugin folder that holds the jar; null on the class path
 */
public record PluginOrigin(
    String location, String version, @Nullable String spiVersion, @Nullable Path folder) {

  private static final String UNKNOWN = "unknown";

  /** Returns the place as a list shows it: {@code folder/jar} in a plugin folder, else the jar. */
  public String shortLocation() {
    int slash = location.lastIndexOf('/', location.length() - 2);
    String name = location.substring(slash + 1);
    return folder == null || folder.endsWith(name) ? name : folder.getFileName() + "/" + name;
  }

  /** Returns where a class came from. */
  public static PluginOrigin of(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return new PluginOrigin(UNKNOWN, UNKNOWN, null, null);
    }
    Path folder =
        type.getClassLoader() instanceof PluginClassLoader plugin ? plugin.folder() : null;
    try {
      PluginOrigin jar = of(Path.of(source.getLocation().toURI()));
      return new PluginOrigin(jar.location, jar.version, jar.spiVersion, folder);
    } catch (URISyntaxException | IllegalArgumentException e) {
      return new PluginOrigin(source.getLocation().toString(), UNKNOWN, null, folder);
    }
  }

  /** Reads the manifest of a jar or a folder of classes; an unreadable one counts as missing. */
  static PluginOrigin of(Path path) {
    Attributes stated = new Attributes();
    try {
      Manifest manifest = Files.isRegularFile(path) ? ofJar(path) : ofClasses(path);
      stated = manifest == null ? stated : manifest.getMainAttributes();
    } catch (IOException e) {
      // Loading from it will report the error.
    }
    String version = stated.getValue(Attributes.Name.IMPLEMENTATION_VERSION);
    return new PluginOrigin(
        path.toString(),
        version == null ? UNKNOWN : version,
        stated.getValue(SpiVersion.MANIFEST_ENTRY),
        null);
  }

  private static @Nullable Manifest ofJar(Path path) throws IOException {
    try (JarFile jar = new JarFile(path.toFile())) {
      return jar.getManifest();
    }
  }

  private static Manifest ofClasses(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path.resolve(JarFile.MANIFEST_NAME))) {
      return new Manifest(in);
    }
  }

  /** Names a jar in a plugin folder, or the folder itself. */
  static PluginOrigin inFolder(Path folder, Path path) {
    PluginOrigin jar = of(path);
    return new PluginOrigin(jar.location, jar.version, jar.spiVersion, folder);
  }
}

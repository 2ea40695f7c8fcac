package org.llm4msr.runtime.plugins;

import java.io.IOException;
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
 * @param spiVersion the SPI version that the jar's manifest states; null where there is none
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

  static PluginOrigin of(Class<?> type) {
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

  /** Reads the manifest of a jar; a folder, and a jar that cannot be read, has none. */
  static PluginOrigin of(Path path) {
    String version = null;
    String spi = null;
    if (Files.isRegularFile(path)) {
      try (JarFile jar = new JarFile(path.toFile())) {
        Manifest manifest = jar.getManifest();
        if (manifest != null) {
          version = manifest.getMainAttributes().getValue(Attributes.Name.IMPLEMENTATION_VERSION);
          spi = manifest.getMainAttributes().getValue(SpiVersion.MANIFEST_ENTRY);
        }
      } catch (IOException e) {
        // Whoever loads from the jar says so.
      }
    }
    return new PluginOrigin(path.toString(), version == null ? UNKNOWN : version, spi, null);
  }

  /** Names a jar in a plugin folder, or the folder itself. */
  static PluginOrigin in(Path folder, Path path) {
    PluginOrigin jar = of(path);
    return new PluginOrigin(jar.location, jar.version, jar.spiVersion, folder);
  }
}

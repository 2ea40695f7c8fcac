package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Where a plugin came from.
 *
 * @param location the jar or the folder of classes
 * @param version the {@code Implementation-Version} of the jar's manifest, or {@code unknown}
 * @param spiVersion the {@code Llm4msr-Spi-Version} of the jar's manifest; null where there is none
 */
public record PluginOrigin(String location, String version, @Nullable String spiVersion) {

  /** The manifest entry that states which SPI a plugin was built for. */
  public static final String SPI_VERSION_ENTRY = "Llm4msr-Spi-Version";

  static PluginOrigin of(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null || source.getLocation() == null) {
      return new PluginOrigin("unknown", "unknown", null);
    }
    try {
      Path path = Path.of(source.getLocation().toURI());
      return Files.isRegularFile(path) ? ofJar(path) : of(path, null);
    } catch (URISyntaxException | IllegalArgumentException e) {
      return new PluginOrigin(source.getLocation().toString(), "unknown", null);
    }
  }

  private static PluginOrigin ofJar(Path path) {
    try (JarFile jar = new JarFile(path.toFile())) {
      return of(path, jar.getManifest() == null ? null : jar.getManifest().getMainAttributes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static PluginOrigin of(Path path, @Nullable Attributes manifest) {
    String version =
        manifest == null ? null : manifest.getValue(Attributes.Name.IMPLEMENTATION_VERSION);
    String spi = manifest == null ? null : manifest.getValue(SPI_VERSION_ENTRY);
    return new PluginOrigin(path.toString(), version == null ? "unknown" : version, spi);
  }
}

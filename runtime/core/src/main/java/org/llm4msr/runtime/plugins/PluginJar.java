package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Plugin;

/**
 * What the directory of a jar reveals about its packing.
 *
 * @param path the jar
 * @param entries the names in it
 * @param providers the classes that its services files name for the kinds of plugins
 */
record PluginJar(Path path, Set<String> entries, Set<String> providers) {

  private static final String SERVICES = "META-INF/services/";
  private static final String CLASS = ".class";

  /** Far above a factory with its nested classes; larger files are not read for an error text. */
  private static final long MAX_CLASS_BYTES = 1 << 20;

  static PluginJar read(Path path) throws IOException {
    try (JarFile jar = new JarFile(path.toFile())) {
      return new PluginJar(
          path,
          jar.stream().map(ZipEntry::getName).collect(Collectors.toCollection(TreeSet::new)),
          factoryTypes().stream()
              .flatMap(factoryType -> providers(jar, jar.getEntry(SERVICES + factoryType)))
              .collect(Collectors.toCollection(TreeSet::new)));
    }
  }

  private static Stream<String> providers(JarFile jar, @Nullable ZipEntry services) {
    if (services == null) {
      return Stream.empty();
    }
    try (InputStream in = jar.getInputStream(services)) {
      return PluginScan.lines(in).stream();
    } catch (IOException | SecurityException e) {
      return Stream.empty(); // The scan reports it.
    }
  }

  /** Returns the classes that this and another jar both offer as plugins. */
  Set<String> alsoIn(PluginJar other) {
    Set<String> both = new TreeSet<>(providers);
    both.retainAll(other.providers);
    return both;
  }

  boolean holdsApi() {
    String folder = SharedPackages.API.replace('.', '/');
    return entries.stream().anyMatch(name -> name.startsWith(folder) && name.endsWith(CLASS));
  }

  boolean registersPlugins() {
    return services().anyMatch(service -> factoryTypes().contains(service));
  }

  /** Returns our services that no kind has, for example those of another SPI version. */
  Set<String> unknownServices() {
    return services()
        .filter(service -> service.startsWith("org.llm4msr.") && !factoryTypes().contains(service))
        .collect(Collectors.toSet());
  }

  private Stream<String> services() {
    return entries.stream()
        .filter(name -> name.startsWith(SERVICES) && name.length() > SERVICES.length())
        .map(name -> name.substring(SERVICES.length()));
  }

  private static Set<String> factoryTypes() {
    return Stream.of(PluginKind.values())
        .map(kind -> kind.service().getName())
        .collect(Collectors.toSet());
  }

  /** Returns the classes annotated with {@link Plugin}, by the constants in their class files. */
  List<String> annotatedClasses() {
    String annotation = Plugin.class.descriptorString();
    try (JarFile jar = new JarFile(path.toFile())) {
      return jar.stream()
          .filter(entry -> entry.getName().endsWith(CLASS) && entry.getSize() < MAX_CLASS_BYTES)
          .filter(entry -> text(jar, entry).contains(annotation))
          .map(entry -> entry.getName().replace(CLASS, "").replace('/', '.'))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  private static String text(JarFile jar, ZipEntry entry) {
    try (var in = jar.getInputStream(entry)) {
      return new String(in.readNBytes((int) MAX_CLASS_BYTES), ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

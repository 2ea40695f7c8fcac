package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.annotation.AnnotationFormatError;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Plugin;

/**
 * Reads the services files of a class loader, in the format of {@link java.util.ServiceLoader}. It
 * reads them itself, because an error of a {@code ServiceLoader} does not say which line of which
 * file it came from.
 */
final class PluginScan {

  private static final Pattern CLASS_NAME =
      Pattern.compile("\\p{javaJavaIdentifierStart}[\\p{javaJavaIdentifierPart}.]*");

  private final ClassLoader loader;
  private final @Nullable PluginProblem damage;
  private final List<PluginRegistry.Candidate> candidates = new ArrayList<>();
  private final List<BrokenPlugin> broken = new ArrayList<>();

  /**
   * Begins a scan.
   *
   * @param damage what is damaged in the jars; if there is any, no plugin in them can be used
   */
  PluginScan(ClassLoader loader, @Nullable PluginProblem damage) {
    this.loader = loader;
    this.damage = damage;
  }

  List<PluginRegistry.Candidate> candidates() {
    return candidates;
  }

  List<BrokenPlugin> broken() {
    return broken;
  }

  void scan(PluginKind kind) {
    providers(kind).forEach((provider, file) -> load(kind, provider, file));
  }

  private void load(PluginKind kind, String provider, URL file) {
    PluginOrigin origin = origin(file);
    if (damage != null) {
      broken.add(PluginErrors.broken(kind, label(provider), origin, damage, null));
      return;
    }
    try {
      read(kind, Class.forName(provider, false, loader));
    } catch (ClassNotFoundException e) {
      PluginProblem problem =
          e.getCause() instanceof IOException damage
              ? FactoryProblems.damaged("its class cannot be read", damage)
              : new PluginProblem(
                  "MISSING_PROVIDER",
                  "the services file %s names it, and no jar has this class"
                      .formatted(kind.service().getName()),
                  "Build the jar again (mvn clean package), or fix the name in"
                      + " META-INF/services.");
      broken.add(PluginErrors.broken(kind, provider, origin, problem, e));
    } catch (SecurityException e) {
      PluginProblem problem =
          FactoryProblems.damaged("its class is not the one that was signed", e);
      broken.add(PluginErrors.broken(kind, provider, origin, problem, e));
    } catch (LinkageError e) {
      PluginProblem problem = FactoryProblems.ofError(e, loader);
      broken.add(PluginErrors.broken(kind, provider, origin, problem, e));
    }
  }

  /** Returns the name of a plugin in a damaged jar if that can be read, else its class. */
  private String label(String provider) {
    try {
      Plugin plugin = Class.forName(provider, false, loader).getAnnotation(Plugin.class);
      return plugin == null ? provider : plugin.name();
    } catch (ClassNotFoundException | RuntimeException | LinkageError | AnnotationFormatError e) {
      return provider;
    }
  }

  private void read(PluginKind kind, Class<?> type) {
    PluginOrigin origin = PluginOrigin.of(type);
    PluginProblem problem = FactoryProblems.ofFactory(type, kind, origin);
    Plugin plugin = type.getAnnotation(Plugin.class);
    if (problem != null) {
      boolean named = plugin != null && !problem.code().equals("BAD_NAME");
      String label = named ? requireNonNull(plugin).name() : type.getName();
      broken.add(PluginErrors.broken(kind, label, origin, problem, null));
      return;
    }
    requireNonNull(plugin, "a sound factory is annotated");
    PluginDescriptor descriptor =
        new PluginDescriptor(
            kind, plugin.name(), plugin.description(), plugin.source(), type.getName(), origin);
    candidates.add(new PluginRegistry.Candidate(descriptor, type));
  }

  /** The origin of a provider whose class cannot be asked: the jar of the services file. */
  private PluginOrigin origin(URL file) {
    String path = file.toString().replaceFirst("^(jar:)?file:", "");
    PluginOrigin jar = PluginOrigin.of(Path.of(path.replaceFirst("!?/META-INF/.*$", "")));
    return loader instanceof PluginClassLoader plugin
        ? new PluginOrigin(jar.location(), jar.version(), jar.spiVersion(), plugin.folder())
        : jar;
  }

  /**
   * Returns the class names of all services files of a kind, each with the first file that has it.
   */
  private Map<String, URL> providers(PluginKind kind) {
    Map<String, URL> providers = new LinkedHashMap<>();
    String name = "META-INF/services/" + kind.service().getName();
    for (URL file : resources(name)) {
      try {
        List<String> lines = lines(file);
        if (!lines.stream().allMatch(line -> CLASS_NAME.matcher(line).matches())) {
          throw new IOException("it has a line that is not a class name");
        }
        lines.forEach(provider -> providers.putIfAbsent(provider, file));
      } catch (IOException | SecurityException e) {
        PluginProblem problem =
            FactoryProblems.damaged("its services file " + name + " cannot be read", e);
        broken.add(PluginErrors.broken(kind, "without a name", origin(file), problem, e));
      }
    }
    return providers;
  }

  private List<URL> resources(String name) {
    try {
      return Collections.list(loader.getResources(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(URL file) throws IOException {
    URLConnection connection = file.openConnection();
    connection.setUseCaches(false); // The cache would hold the jar open, and miss a newer one.
    try (InputStream in = connection.getInputStream()) {
      return lines(in);
    }
  }

  /** Returns what the lines of a services file name. */
  static List<String> lines(InputStream services) throws IOException {
    return new String(services.readAllBytes(), UTF_8)
        .lines()
        .map(line -> line.replaceFirst("#.*", "").strip())
        .filter(line -> !line.isEmpty())
        .toList();
  }
}

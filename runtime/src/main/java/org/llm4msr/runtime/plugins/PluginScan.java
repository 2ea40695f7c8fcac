package org.llm4msr.runtime.plugins;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Spliterator;
import java.util.regex.Pattern;
import org.llm4msr.api.Plugin;

/** Reads what the services files of a class loader name, each provider in its own try. */
final class PluginScan {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

  /** A services file that fails again and again is given up after so many failures in a row. */
  private static final int MAX_FAILURES = 1000;

  private final ClassLoader loader;
  private final List<PluginRegistry.Candidate> candidates = new ArrayList<>();
  private final List<BrokenPlugin> broken = new ArrayList<>();

  PluginScan(ClassLoader loader) {
    this.loader = loader;
  }

  List<PluginRegistry.Candidate> candidates() {
    return candidates;
  }

  List<BrokenPlugin> broken() {
    return broken;
  }

  void scan(PluginKind kind) {
    scan(kind, ServiceLoader.load(kind.service(), loader));
  }

  private <F> void scan(PluginKind kind, ServiceLoader<F> services) {
    Spliterator<ServiceLoader.Provider<F>> providers = services.stream().spliterator();
    int failures = 0;
    boolean more = true;
    while (more && failures < MAX_FAILURES) {
      try {
        more = providers.tryAdvance(provider -> read(kind, provider));
        failures = 0;
      } catch (ServiceConfigurationError | LinkageError e) {
        failures++;
        addUnloadable(kind, e);
      }
    }
  }

  private void read(PluginKind kind, ServiceLoader.Provider<?> provider) {
    Class<?> type = provider.type();
    PluginOrigin origin = PluginOrigin.of(type);
    Plugin plugin = type.getAnnotation(Plugin.class);
    if (plugin == null) {
      String text = "the class has no @Plugin annotation; add @Plugin(name, description)";
      addBroken(kind, type.getName(), origin, text);
    } else if (!NAME.matcher(plugin.name()).matches()) {
      String text = "the name \"" + plugin.name() + "\" is not of the form " + NAME.pattern();
      addBroken(kind, type.getName(), origin, text);
    } else if (origin.spiVersion() != null
        && !origin.spiVersion().equals(PluginRegistry.SPI_VERSION)) {
      String text =
          "the jar was built for SPI version %s and this runtime serves %s; use a release of the plugin for it"
              .formatted(origin.spiVersion(), PluginRegistry.SPI_VERSION);
      addBroken(kind, plugin.name(), origin, text);
    } else {
      PluginDescriptor descriptor =
          new PluginDescriptor(
              kind, plugin.name(), plugin.description(), plugin.source(), type.getName(), origin);
      candidates.add(new PluginRegistry.Candidate(descriptor, provider));
    }
  }

  private void addBroken(PluginKind kind, String label, PluginOrigin origin, String reason) {
    broken.add(
        new BrokenPlugin(
            kind,
            label,
            origin.location(),
            PluginErrors.broken(kind, label, origin.location(), reason, null)));
  }

  private void addUnloadable(PluginKind kind, Throwable error) {
    String message = String.valueOf(error.getMessage());
    String provider = namedProvider(kind, message);
    String location = provider.isEmpty() ? "unknown" : locate(kind, provider);
    String label = provider.isEmpty() ? "unknown" : provider;
    String reason = PluginErrors.reason(error);
    broken.add(
        new BrokenPlugin(
            kind, label, location, PluginErrors.broken(kind, label, location, reason, error)));
  }

  /** Returns the provider of a services file whose name stands in an error message, or "". */
  private String namedProvider(PluginKind kind, String message) {
    return servicesFiles(kind).stream()
        .flatMap(file -> providersIn(file).stream())
        .filter(name -> message.contains(name) || message.contains(name.replace('.', '/')))
        .findFirst()
        .orElse("");
  }

  private String locate(PluginKind kind, String provider) {
    return servicesFiles(kind).stream()
        .filter(file -> providersIn(file).contains(provider))
        .map(URL::toString)
        .map(url -> url.replaceFirst("^(jar:)?file:", "").replaceFirst("!?/META-INF/.*$", ""))
        .findFirst()
        .orElse("unknown");
  }

  private List<URL> servicesFiles(PluginKind kind) {
    try {
      String file = "META-INF/services/" + kind.service().getName();
      return Collections.list(loader.getResources(file));
    } catch (IOException e) {
      return List.of();
    }
  }

  private static List<String> providersIn(URL file) {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(file.openStream(), StandardCharsets.UTF_8))) {
      return reader
          .lines()
          .map(line -> line.replaceFirst("#.*", "").strip())
          .filter(line -> !line.isEmpty())
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}

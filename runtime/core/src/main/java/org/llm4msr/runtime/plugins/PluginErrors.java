package org.llm4msr.runtime.plugins;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.text.NearestName;

/** The error texts for plugins. */
final class PluginErrors {

  private PluginErrors() {}

  static MsrException unknown(PluginKind kind, String name, PluginRegistry plugins) {
    List<String> names = plugins.names(kind);
    String known = names.isEmpty() ? "there are none" : "there are " + names(names);
    return new MsrException(
        ErrorType.USER,
        "plugin/UNKNOWN",
        "There is no %s \"%s\": %s.%s `%s` shows all.%s"
            .formatted(
                kind.title(),
                name,
                known,
                NearestName.hint(name, names),
                plugins.listCommand(),
                BrokenPlugin.mayHold(plugins.mayHold(List.of(kind)))));
  }

  static MsrException unknown(String name, PluginRegistry plugins) {
    List<PluginKind> kinds = List.of(PluginKind.values());
    List<String> names =
        kinds.stream()
            .flatMap(kind -> plugins.plugins(kind).stream())
            .map(PluginDescriptor::name)
            .distinct()
            .sorted()
            .toList();
    return new MsrException(
        ErrorType.USER,
        "plugin/UNKNOWN",
        "There is no plugin \"%s\": there are %s.%s%s"
            .formatted(
                name,
                names(names),
                NearestName.hint(name, names),
                BrokenPlugin.mayHold(plugins.mayHold(kinds))));
  }

  private static String names(List<String> names) {
    return String.join(", ", names);
  }

  static MsrException duplicate(PluginKind kind, String name, List<PluginRegistry.Candidate> same) {
    String factories =
        same.stream()
            .map(candidate -> candidate.descriptor())
            .map(plugin -> plugin.factory() + " in " + plugin.origin().location())
            .collect(Collectors.joining(" and "));
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/DUPLICATE",
        "The name \"%s\" belongs to %d plugins of the kind %s: %s. Remove all but one, or change the name in a plugin's @Plugin annotation."
            .formatted(name, same.size(), kind.title(), factories));
  }

  static BrokenPlugin broken(
      PluginKind kind,
      String label,
      PluginOrigin origin,
      PluginProblem problem,
      @Nullable Throwable cause) {
    String text =
        "The %s %s cannot be used: %s. Place: %s. %s"
            .formatted(
                kind.title(), label, problem.description(), origin.location(), problem.remedy());
    return new BrokenPlugin(kind, label, origin, error(problem, text, cause));
  }

  static MsrException broken(
      PluginDescriptor plugin, PluginProblem problem, @Nullable Throwable cause) {
    return broken(plugin.kind(), plugin.name(), plugin.origin(), problem, cause).error();
  }

  /** A folder, or a jar in it, from which nothing is loaded. */
  static BrokenPlugin brokenFolder(
      Path folder, PluginOrigin origin, PluginProblem problem, @Nullable Throwable cause) {
    String text =
        "The plugin folder %s is left out: %s. %s"
            .formatted(folder, problem.description(), problem.remedy());
    return new BrokenPlugin(
        null, String.valueOf(folder.getFileName()), origin, error(problem, text, cause));
  }

  private static MsrException error(PluginProblem problem, String text, @Nullable Throwable cause) {
    return new MsrException(ErrorType.PLUGIN, "plugin/" + problem.code(), text, cause);
  }
}

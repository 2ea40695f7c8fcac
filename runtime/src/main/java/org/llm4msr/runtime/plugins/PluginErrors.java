package org.llm4msr.runtime.plugins;

import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** The texts of what can be wrong with plugins. */
final class PluginErrors {

  private PluginErrors() {}

  static MsrException unknown(PluginKind kind, String name, List<String> names) {
    String known = names.isEmpty() ? "there is none at all" : "there are " + names(names);
    return new MsrException(
        ErrorType.USER,
        "plugin/UNKNOWN",
        "There is no %s \"%s\": %s.%s `llm4msr plugins list` shows all."
            .formatted(kind.title(), name, known, Nearest.hint(name, names)));
  }

  private static String names(List<String> names) {
    return String.join(", ", names);
  }

  static MsrException duplicate(PluginKind kind, String name, List<PluginRegistry.Candidate> same) {
    String places =
        same.stream()
            .map(one -> one.descriptor())
            .map(one -> one.factory() + " in " + one.origin().location())
            .collect(Collectors.joining(" and "));
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/DUPLICATE",
        "The name \"%s\" belongs to %d plugins of the kind %s: %s. Take one of the jars off the class path."
            .formatted(name, same.size(), kind.title(), places));
  }

  static MsrException broken(PluginDescriptor plugin, String reason, @Nullable Throwable cause) {
    return broken(plugin.kind(), plugin.name(), plugin.origin().location(), reason, cause);
  }

  static MsrException broken(
      PluginKind kind, String label, String location, String reason, @Nullable Throwable cause) {
    return new MsrException(
        ErrorType.PLUGIN,
        "plugin/BROKEN",
        "The %s %s cannot be used: %s. It is in %s. Mend or remove it; the other plugins work."
            .formatted(kind.title(), label, reason, location),
        cause);
  }

  /** Returns what an error says, down to its root. */
  static String reason(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? "" : ": " + root.getMessage();
    if (root instanceof NoSuchMethodException) {
      return "the class has no public constructor without parameters";
    }
    if (root instanceof ServiceConfigurationError) {
      return message.replaceFirst("^: [\\w.]+: ", "");
    }
    return root.getClass().getSimpleName() + message;
  }
}

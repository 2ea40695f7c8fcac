package org.llm4msr.runtime.plugins;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;

/**
 * A provider or plugin folder that was found but cannot be used. The others work without it.
 *
 * @param kind the kind that it claims to be; null if not known
 * @param label its name if known, otherwise its class or folder
 * @param origin its jar or folder
 * @param error the reason, with its cause
 */
public record BrokenPlugin(
    @Nullable PluginKind kind, String label, PluginOrigin origin, MsrException error) {

  /** Returns the reasons with their codes, each once: plugins that share one are named together. */
  public static List<String> reasons(Collection<BrokenPlugin> broken) {
    Map<List<String>, Set<String>> subjects = new LinkedHashMap<>();
    for (BrokenPlugin plugin : broken) {
      String text = plugin.error().text();
      String subject = plugin.kind == null ? "" : "The " + plugin.kind.title() + " " + plugin.label;
      subject = text.startsWith(subject) ? subject : "";
      String reason = text.substring(subject.length());
      subjects
          .computeIfAbsent(List.of(plugin.error().code(), reason), absent -> new LinkedHashSet<>())
          .add(subject);
    }
    return subjects.entrySet().stream()
        .map(entry -> text(entry.getKey().get(0), entry.getValue(), entry.getKey().get(1)))
        .toList();
  }

  private static String text(String code, Set<String> subjects, String reason) {
    String all = String.join(" and ", subjects).replace(" and The ", " and the ");
    return "[%s] %s%s".formatted(code, all, reason);
  }

  /** Returns lines that say that these may hold what is missing; empty if there are none. */
  public static String mayHold(Collection<BrokenPlugin> broken) {
    return broken.isEmpty()
        ? ""
        : "\nWhat is missing may be in what cannot be used:\n  "
            + String.join("\n  ", reasons(broken));
  }
}

package org.llm4msr.runtime.bundle;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/**
 * What a bundle holds, and what its rows need.
 *
 * @param bundle its folder
 * @param columns those that rows have or may have
 */
public record BundleInspection(
    Path bundle, String digest, BundleManifest manifest, List<ScoringColumn> columns) {

  public BundleInspection {
    columns = List.copyOf(columns);
  }

  /**
   * Inspects a bundle, and checks every byte of it.
   *
   * @param warning gets a text if plugins are missing, without which columns that are no fields are
   *     not known
   */
  public static BundleInspection of(Path folder, ConfigLoader loader, Consumer<String> warning) {
    Bundle bundle = Bundle.open(folder);
    List<ScoringColumn> columns = encoder(bundle, loader, warning).columns();
    return new BundleInspection(folder, bundle.digest(), bundle.manifest(), columns);
  }

  /** Only its plugins tell what a model reads beside fields; other programs may lack them. */
  private static RowEncoder encoder(Bundle bundle, ConfigLoader loader, Consumer<String> warning) {
    try {
      return BundleModel.encoder(bundle, BundleModel.config(bundle, List.of(), loader));
    } catch (MsrException e) {
      if (!e.code().equals("config/INVALID")) {
        throw e;
      }
      warning.accept("columns that are no fields are not known: " + e.text());
      return BundleModel.encoder(bundle);
    }
  }

  /** Returns a line for each of plugins, provenance, validation and columns. */
  public String text() {
    StringBuilder text = new StringBuilder();
    line(text, "bundle", bundle + ", complete");
    line(text, "digest", digest);
    line(text, "bundle written", manifest.written());
    line(
        text,
        "size",
        String.format(
            Locale.ROOT, "%,d bytes in %d files", manifest.bytes(), manifest.files().size()));
    manifest
        .plugins()
        .forEach(
            plugin ->
                line(
                    text,
                    plugin.kind(),
                    "%s (%s %s"
                            .formatted(plugin.name(), plugin.version(), plugin.shortDigest())
                            .strip()
                        + ")"));
    manifest.provenance().forEach((key, value) -> line(text, key, provenance(value)));
    FlatValues.of(manifest.training()).forEach((key, value) -> metric(text, key, value));
    line(text, "needs columns", names(true));
    line(text, "may have columns", names(false));
    columns.stream()
        .filter(column -> column.isTime() || column.isHistory() || column.isItemVector())
        .forEach(column -> line(text, "without " + column.name(), column.without()));
    return text.toString();
  }

  private static String provenance(Object value) {
    return value instanceof Map<?, ?> map && map.get("encoder") instanceof Map<?, ?> encoder
        ? "%s, %s users, %s scenarios"
            .formatted(encoder.get("model"), map.get("users"), map.get("scenarios"))
        : String.valueOf(value);
  }

  private static void metric(StringBuilder text, String key, String value) {
    Set<String> shown = Set.of("steps", "bestStep", "stoppedEarly", "leakFutureInteractions");
    String overall = "validation.overall.";
    if (shown.contains(key)) {
      line(text, key, value);
    } else if (key.startsWith(overall) && !key.endsWith("name") && !value.equals("null")) {
      line(text, "validation " + key.substring(overall.length()), value);
    }
  }

  private String names(boolean required) {
    return columns.stream()
        .filter(column -> column.required() == required)
        .map(column -> column.name() + " (" + column.kind() + ")")
        .collect(Collectors.joining(", "));
  }

  private static void line(StringBuilder text, String key, String value) {
    text.append(String.format(Locale.ROOT, "%-20s %s%n", key, value));
  }
}

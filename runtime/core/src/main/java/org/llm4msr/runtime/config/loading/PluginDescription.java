package org.llm4msr.runtime.config.loading;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.text.TextTable;

/**
 * All that {@code plugins describe} shows.
 *
 * @param plugin name, kind, version and jar
 * @param capabilities what it provides and needs with its default settings
 * @param settings its keys
 */
public record PluginDescription(
    PluginDescriptor plugin, List<String> capabilities, List<Row> settings) {

  /** The meaning of the mark of operational keys. */
  public static final String OPERATIONAL =
      "operational: decides only how the work is done; changing it does not require repeating"
          + " any work";

  /**
   * One key.
   *
   * @param key the key in YAML
   * @param legal type and constraints in words
   * @param defaultValue as YAML; null if there is none
   * @param required whether it must be written
   * @param operational whether it has no effect on the result
   * @param description one sentence
   * @param settings the keys below it; of each element if it is a list or a mapping
   */
  public record Row(
      String key,
      String legal,
      @Nullable String defaultValue,
      boolean required,
      boolean operational,
      String description,
      List<Row> settings) {
    public Row {
      settings = List.copyOf(settings);
    }

    /** The description, marked where the key is operational. */
    public String meaning() {
      return operational ? description + " (operational)" : description;
    }
  }

  public PluginDescription {
    capabilities = List.copyOf(capabilities);
    settings = List.copyOf(settings);
  }

  /** Describes a plugin; creates only its factory. */
  public static PluginDescription of(
      PluginRegistry plugins, ConfigLoader loader, PluginDescriptor plugin) {
    PluginFactory<?> factory = plugins.factory(plugin.kind(), plugin.name());
    List<Row> rows = new ArrayList<>(rows(factory.configType()));
    if (plugin.kind() == PluginKind.META_NETWORK) {
      rows.addAll(rows(MetaNetworkConfig.class)); // Keys beside those of the plugin.
    }
    return new PluginDescription(plugin, capabilities(factory, loader), rows);
  }

  /** Returns the keys of a record as rows. */
  public static List<Row> rows(Class<?> record) {
    return SettingInfo.of(record).stream()
        .filter(setting -> !setting.inline() && !setting.word())
        .map(
            setting ->
                new Row(
                    setting.key(),
                    setting.legal(),
                    setting.defaultText(),
                    setting.required(),
                    setting.operational(),
                    setting.description(),
                    nested(setting.type().getType())))
        .toList();
  }

  private static List<Row> nested(Type type) {
    Class<?> raw = LegalValues.raw(type);
    if (raw.isRecord() && raw != PluginChoice.class) {
      return rows(raw);
    }
    boolean holder = raw == Optional.class || Collection.class.isAssignableFrom(raw);
    if ((holder || raw == Map.class) && type instanceof ParameterizedType parameterized) {
      Type[] arguments = parameterized.getActualTypeArguments();
      return nested(arguments[arguments.length - 1]);
    }
    return List.of();
  }

  private static <C extends Record> List<String> capabilities(
      PluginFactory<C> factory, ConfigLoader loader) {
    Optional<C> defaults = defaults(factory, loader);
    return defaults.map(config -> capabilities(factory, config)).orElse(List.of());
  }

  private static <C extends Record> Optional<C> defaults(
      PluginFactory<C> factory, ConfigLoader loader) {
    try {
      return Optional.of(loader.bind(factory.configType(), List.of(), "defaults"));
    } catch (MsrException e) {
      return Optional.empty();
    }
  }

  private static <C extends Record> List<String> capabilities(PluginFactory<C> factory, C config) {
    List<String> lines = new ArrayList<>();
    if (factory instanceof BackboneFactory<C> backbone) {
      lines.add(backbone.hasHidden(config) ? "has a hidden state" : "has no hidden state");
      backbone.inputs(config).stream()
          .sorted()
          .forEach(input -> lines.add("reads " + words(input)));
    }
    if (factory instanceof FusionHeadFactory<C> head) {
      head.requires(config).stream().sorted().forEach(input -> lines.add("needs " + words(input)));
    }
    for (EngineFeature feature : new TreeSet<>(factory.engineFeatures(config))) {
      lines.add("needs an engine with " + feature);
    }
    return lines;
  }

  /** Returns what it is, what it needs, and a table of its settings. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(plugin.name()).append(" (").append(plugin.kind().title()).append("): ");
    text.append(plugin.description()).append('\n');
    List<String> facts = new ArrayList<>(capabilities);
    if (!plugin.source().isEmpty()) {
      facts.add("published in " + plugin.source());
    }
    facts.add("version " + plugin.origin().version() + ", " + plugin.origin().location());
    facts.forEach(fact -> text.append("  ").append(fact).append('\n'));
    if (settings.isEmpty()) {
      return text.append("  no settings\n").toString();
    }
    List<List<String>> rows = new ArrayList<>();
    addRows(settings, "  ", rows);
    text.append(TextTable.of(List.of("  setting", "default", "allowed", "meaning"), rows));
    if (settings.stream().anyMatch(Row::operational)) {
      text.append("  ").append(OPERATIONAL).append('\n');
    }
    return text.toString();
  }

  private static void addRows(List<Row> settings, String indent, List<List<String>> rows) {
    for (Row row : settings) {
      rows.add(List.of(indent + row.key(), standard(row), row.legal(), row.meaning()));
      addRows(row.settings(), indent + "  ", rows);
    }
  }

  private static String standard(Row row) {
    String value = row.defaultValue();
    return value != null ? value : row.required() ? "(required)" : "(none)";
  }

  private static String words(ModelInput input) {
    return switch (input) {
      case FIELDS -> "the fields separately";
      case SCENARIO_EMBEDDING -> "the scenario embedding";
      case USER_KNOWLEDGE -> "the knowledge of users";
      case SCENARIO_KNOWLEDGE -> "the knowledge of scenarios";
      case ITEM_KNOWLEDGE -> "the knowledge of items";
      case HISTORY -> "the similarity to the user's history";
      case SEQUENCES -> "sequences of events";
      case HIDDEN -> "the hidden state of the backbone";
    };
  }
}

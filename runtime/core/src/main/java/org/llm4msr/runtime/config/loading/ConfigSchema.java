package org.llm4msr.runtime.config.loading;

import static java.util.Locale.ROOT;

import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Scalar;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The JSON Schema (draft 2020-12) of a kind of file, for editors: every key with its type, bounds,
 * default and description, and every plugin found with its own keys. A file with {@code extends}
 * holds only a part, so nothing is required of it.
 */
public final class ConfigSchema {

  private static final String OBJECT = "object";

  /** A value that no file can hold. */
  private static final Map<String, Object> NOTHING = Map.of("not", Map.of());

  private final PluginRegistry plugins;
  private final boolean partial;

  private ConfigSchema(PluginRegistry plugins, boolean partial) {
    this.plugins = plugins;
    this.partial = partial;
  }

  /**
   * Returns the schema as maps, lists and values. Plugins that cannot be created are left out.
   *
   * @param type the record that the files are read into, such as {@code ExperimentConfig}
   */
  public static Map<String, Object> of(PluginRegistry plugins, Class<? extends Record> type) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "llm4msr " + type.getSimpleName().replace("Config", "").toLowerCase(ROOT));
    schema.put("type", OBJECT);
    schema.put("if", Map.of("required", List.of(ConfigLayers.EXTENDS)));
    schema.put("then", new ConfigSchema(plugins, true).root(type));
    schema.put("else", new ConfigSchema(plugins, false).root(type));
    return schema;
  }

  private Map<String, Object> root(Class<? extends Record> type) {
    Map<String, Object> root = record(type, null);
    if (partial) {
      root.computeIfPresent("properties", (key, properties) -> withExtends((Map<?, ?>) properties));
    }
    return root;
  }

  private static Map<Object, Object> withExtends(Map<?, ?> properties) {
    Map<String, Object> text = Map.of("type", "string");
    Map<String, Object> files = new LinkedHashMap<>();
    files.put("description", "Files that this one extends, relative to it");
    files.put("anyOf", List.of(text, Map.of("type", "array", "items", text)));
    Map<Object, Object> all = new LinkedHashMap<>(properties);
    all.put(ConfigLayers.EXTENDS, files);
    return all;
  }

  private Map<String, Object> record(Class<?> type, @Nullable Entry defaultPlugin) {
    Optional<SettingInfo> inline =
        SettingInfo.of(type).stream().filter(SettingInfo::inline).findFirst();
    return inline
        .map(
            setting ->
                choice(
                    LegalValues.kind(setting.type().getType()),
                    SettingInfo.of(type),
                    defaultPlugin))
        .orElseGet(() -> wordOrKeys(type));
  }

  private Map<String, Object> wordOrKeys(Class<?> type) {
    Map<String, Object> keys = object(SettingInfo.of(type), false);
    Optional<SettingInfo> word = SettingInfo.word(type);
    if (word.isEmpty()) {
      return keys;
    }
    if (SettingInfo.of(type).stream().allMatch(SettingInfo::optional)) {
      keys.put("minProperties", 1);
    }
    Map<String, Object> either = new LinkedHashMap<>();
    either.put("oneOf", List.of(value(word.get().type(), List.of(), null), keys));
    return either;
  }

  private Map<String, Object> object(List<SettingInfo> settings, boolean named) {
    Map<String, Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    if (named) {
      properties.put(RecordBinder.NAME, true);
    }
    for (SettingInfo setting : settings) {
      if (setting.inline() || setting.word()) {
        continue;
      }
      properties.put(setting.key(), property(setting));
      if (setting.required()) {
        required.add(setting.key());
      }
      if (!setting.formerly().isEmpty()) {
        Map<String, Object> old = new LinkedHashMap<>(property(setting));
        old.put("deprecated", true);
        properties.put(setting.formerly(), old);
      }
    }
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("type", OBJECT);
    object.put("properties", properties);
    object.put("additionalProperties", false);
    if (!required.isEmpty() && !partial) {
      object.put("required", required);
    }
    return object;
  }

  /**
   * The name decides which keys there are: those of the plugin, and those of its host beside them.
   * The default plugin needs no name, and in a part of a file none does.
   */
  private Map<String, Object> choice(
      PluginKind kind, List<SettingInfo> host, @Nullable Entry defaultPlugin) {
    Map<String, String> names = new LinkedHashMap<>();
    Map<String, String> withoutKeys = new LinkedHashMap<>();
    Map<String, Object> keys = new LinkedHashMap<>();
    for (PluginDescriptor plugin : plugins.plugins(kind)) {
      List<SettingInfo> settings = settings(plugin);
      if (settings != null) {
        settings.addAll(host);
        names.put(plugin.name(), plugin.description());
        keys.put(plugin.name(), object(settings, true));
        if (settings.stream().noneMatch(SettingInfo::required)) {
          withoutKeys.put(plugin.name(), plugin.description());
        }
      }
    }
    List<Object> byName = new ArrayList<>();
    keys.forEach((name, object) -> byName.add(when(named(name), object)));
    byName.add(when(notNamed(), unnamed(keys, defaultPlugin)));
    Map<String, Object> mapping = new LinkedHashMap<>();
    mapping.put("properties", Map.of(RecordBinder.NAME, oneOf(names)));
    mapping.put("allOf", byName);
    Map<String, Object> choice = new LinkedHashMap<>();
    choice.put("type", List.of("string", OBJECT));
    choice.put("if", Map.of("type", "string"));
    choice.put("then", oneOf(withoutKeys));
    choice.put("else", mapping);
    return choice;
  }

  private Object unnamed(Map<String, Object> keys, @Nullable Entry defaultPlugin) {
    if (partial) {
      return keys.isEmpty() ? NOTHING : Map.of("anyOf", List.copyOf(keys.values()));
    }
    Object ofDefault =
        defaultPlugin != null && defaultPlugin.value() instanceof Scalar scalar
            ? keys.get(scalar.text())
            : null;
    return ofDefault != null ? ofDefault : Map.of("required", List.of(RecordBinder.NAME));
  }

  private static Map<String, Object> named(String name) {
    Map<String, Object> named = new LinkedHashMap<>();
    named.put("type", OBJECT);
    named.put("properties", Map.of(RecordBinder.NAME, Map.of("const", name)));
    named.put("required", List.of(RecordBinder.NAME));
    return named;
  }

  private static Map<String, Object> notNamed() {
    Map<String, Object> notNamed = new LinkedHashMap<>();
    notNamed.put("type", OBJECT);
    notNamed.put("not", Map.of("required", List.of(RecordBinder.NAME)));
    return notNamed;
  }

  private static Map<String, Object> when(Object condition, Object then) {
    Map<String, Object> rule = new LinkedHashMap<>();
    rule.put("if", condition);
    rule.put("then", then);
    return rule;
  }

  /** One of the names, with a description that editors show. */
  private static Map<String, Object> oneOf(Map<String, String> descriptions) {
    if (descriptions.isEmpty()) {
      return NOTHING;
    }
    Map<String, Object> names = new LinkedHashMap<>();
    names.put("enum", List.copyOf(descriptions.keySet()));
    names.put(
        "description",
        descriptions.entrySet().stream()
            .map(plugin -> plugin.getKey() + ": " + plugin.getValue())
            .collect(Collectors.joining("\n")));
    return names;
  }

  private @Nullable List<SettingInfo> settings(PluginDescriptor plugin) {
    try {
      Class<?> config = plugins.factory(plugin.kind(), plugin.name()).configType();
      return new ArrayList<>(SettingInfo.of(config));
    } catch (MsrException e) {
      return null;
    }
  }

  private Map<String, Object> property(SettingInfo setting) {
    Map<String, Object> property =
        new LinkedHashMap<>(value(setting.type(), setting.constraints(), setting.defaultPlugin()));
    if (!setting.description().isEmpty()) {
      property.put("description", setting.description());
    }
    String text = setting.defaultText();
    if (text != null) {
      ConfigNode node = new YamlReader(-1, "default", new Problems()).read(text);
      property.put("default", json(node, setting.type().getType()));
    }
    if (setting.secret()) {
      property.put("writeOnly", true);
    }
    if (!setting.required()) {
      allowNull(property);
    }
    return property;
  }

  /** A key without a value counts as not set. */
  private static void allowNull(Map<String, Object> schema) {
    schema.computeIfPresent("type", (key, type) -> with(type, "null"));
    schema.computeIfPresent("enum", (key, values) -> with(values, null));
    for (String key : List.of("oneOf", "anyOf")) {
      schema.computeIfPresent(key, (keyword, choices) -> with(choices, Map.of("type", "null")));
    }
  }

  private static List<@Nullable Object> with(Object oneOrMore, @Nullable Object further) {
    List<@Nullable Object> all =
        new ArrayList<>(oneOrMore instanceof List<?> more ? more : List.of(oneOrMore));
    all.add(further);
    return all;
  }

  private Map<String, Object> value(
      AnnotatedType annotated, List<Annotation> constraints, @Nullable Entry defaultPlugin) {
    Type type = annotated.getType();
    Class<?> raw = LegalValues.raw(type);
    if (raw == PluginChoice.class) {
      return choice(LegalValues.kind(type), List.of(), defaultPlugin);
    }
    if (raw == AnyValue.class) {
      return new LinkedHashMap<>();
    }
    if (raw.isRecord()) {
      return record(raw, defaultPlugin);
    }
    if (raw == Optional.class) {
      return value(argument(annotated, 0), constraints, defaultPlugin);
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    if (raw == List.class || raw == Set.class) {
      schema.put("type", "array");
      schema.put("items", element(argument(annotated, 0)));
    } else if (raw == Map.class) {
      schema.put("type", OBJECT);
      schema.put("additionalProperties", element(argument(annotated, 1)));
    } else {
      scalar(raw, schema);
    }
    constraints.forEach(constraint -> SchemaConstraints.add(constraint, raw, schema));
    return schema;
  }

  private Map<String, Object> element(AnnotatedType type) {
    return value(type, SettingInfo.constraints(type.getAnnotations()), null);
  }

  private static AnnotatedType argument(AnnotatedType type, int index) {
    return ((AnnotatedParameterizedType) type).getAnnotatedActualTypeArguments()[index];
  }

  private static void scalar(Class<?> raw, Map<String, Object> schema) {
    if (raw.isEnum()) {
      schema.put("enum", LegalValues.enumValues(raw));
    } else if (raw == boolean.class || raw == Boolean.class) {
      schema.put("type", "boolean");
    } else if (LegalValues.isWhole(raw)) {
      schema.put("type", "integer");
    } else if (LegalValues.isNumber(raw)) {
      schema.put("type", "number");
    } else {
      // Keys such as 1 and dates are texts to us and numbers to YAML.
      schema.put("type", List.of("string", "number", "boolean"));
    }
  }

  private static Object json(ConfigNode node, Type type) {
    if (node instanceof Mapping mapping) {
      Map<String, Object> values = new LinkedHashMap<>();
      mapping
          .entries()
          .forEach((key, entry) -> values.put(key, json(entry.value(), valueType(type, key))));
      return values;
    }
    if (node instanceof Sequence sequence) {
      Type item =
          type instanceof ParameterizedType list ? list.getActualTypeArguments()[0] : String.class;
      return sequence.items().stream().map(element -> json(element, item)).toList();
    }
    String text = ((Scalar) node).text();
    Class<?> raw = LegalValues.raw(type);
    try {
      boolean plain = LegalValues.isWhole(raw) || LegalValues.isNumber(raw) || raw == boolean.class;
      return plain ? Scalars.parse(text, raw) : text;
    } catch (Scalars.NotOfTheType e) {
      return text;
    }
  }

  /** Returns the type of one value of a mapping. */
  private static Type valueType(Type type, String key) {
    if (type instanceof ParameterizedType map && LegalValues.raw(type) == Map.class) {
      return map.getActualTypeArguments()[1];
    }
    Class<?> raw = LegalValues.raw(type);
    return !raw.isRecord()
        ? String.class
        : SettingInfo.of(raw).stream()
            .filter(setting -> setting.key().equals(key))
            .map(setting -> setting.type().getType())
            .findFirst()
            .orElse(String.class);
  }
}

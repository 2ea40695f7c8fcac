package org.llm4msr.runtime.config.loading;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Scalar;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;
import org.llm4msr.runtime.plugins.BrokenPlugin;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.text.NearestName;

/**
 * Binds nodes to records. A value that cannot be bound is reported and replaced by a placeholder,
 * so that one pass finds every problem; the result is used only if there were none.
 */
final class RecordBinder {

  static final String NAME = "name";

  /** Holds the word that a record was written as. */
  private static final String WORD = "";

  private static final String KEYS = "must be a mapping";

  private final PluginRegistry plugins;
  private final Problems problems;
  private final Writer writer;
  private final IdentityHashMap<Object, String> beans = new IdentityHashMap<>();
  private final Map<String, Origin> origins = new HashMap<>();
  private final Set<String> failed = new HashSet<>();

  RecordBinder(PluginRegistry plugins, Problems problems) {
    this(plugins, problems, Writer.USER);
  }

  /**
   * Makes a binder.
   *
   * @param writer of the values
   */
  RecordBinder(PluginRegistry plugins, Problems problems, Writer writer) {
    this.plugins = plugins;
    this.problems = problems;
    this.writer = writer;
  }

  /** Who wrote the values. */
  enum Writer {
    /** Someone for whom settings have their defaults. */
    USER,
    /** A program that wrote all settings that there were. */
    PROGRAM,
    /** A run: as a program, but without secrets. */
    RUN
  }

  /** Returns the key path of a record that was bound, identified by reference, not by equality. */
  String path(Object bean) {
    return beans.getOrDefault(bean, "");
  }

  /** Returns where a key was written: its own place, or that of the nearest key above it. */
  Origin origin(String path) {
    for (String at = path; !at.isEmpty(); at = parent(at)) {
      Origin origin = origins.get(at);
      if (origin != null) {
        return origin;
      }
    }
    return origins.getOrDefault("", Origin.DEFAULT);
  }

  /** Returns the key above one; empty where there is none. */
  static String parent(String path) {
    int end = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
    return end < 0 ? "" : path.substring(0, end);
  }

  /** Returns whether a problem at this key, or at one below it, is known already. */
  boolean failed(String path) {
    return failed.stream()
        .anyMatch(bad -> bad.equals(path) || path.isEmpty() || bad.startsWith(path + "."));
  }

  /** Binds a record and everything below it. */
  @Nullable Record bind(Class<? extends Record> type, ConfigNode node, String path) {
    origins.put(path, node.origin());
    Mapping mapping = mapping(node, path, KEYS, false);
    if (mapping == null) {
      return null;
    }
    Map<String, Entry> rest = new LinkedHashMap<>(mapping.entries());
    Record record = bind(type, rest, node.origin(), path);
    unknown(rest, type, Set.of(), path);
    return record;
  }

  /** Binds a record and takes its keys out of {@code rest}. */
  private @Nullable Record bind(
      Class<? extends Record> type, Map<String, Entry> rest, Origin origin, String path) {
    List<SettingInfo> settings = SettingInfo.of(type);
    @Nullable Object[] values = new Object[settings.size()];
    for (int i = 0; i < values.length; i++) {
      SettingInfo setting = settings.get(i);
      if (!setting.inline()) {
        values[i] = value(setting, settings, take(rest, setting, path), origin, path);
      }
    }
    for (int i = 0; i < values.length; i++) {
      SettingInfo setting = settings.get(i);
      if (setting.inline()) {
        PluginKind kind = LegalValues.kind(setting.type().getType());
        values[i] = choice(kind, rest, origin, path, keys(type));
        rest.clear();
      }
    }
    return construct(type, values, origin, path);
  }

  private @Nullable Entry take(Map<String, Entry> rest, SettingInfo setting, String path) {
    Entry entry = rest.remove(setting.word() ? WORD : setting.key());
    Entry former = setting.formerly().isEmpty() ? null : rest.remove(setting.formerly());
    if (former == null) {
      return entry;
    }
    String old = join(path, setting.formerly());
    String now = join(path, setting.key());
    if (entry != null && entry.key().layer() == former.key().layer()) {
      fail(old, null, former.key(), "is the older name of " + now + ", which is set as well");
      return entry;
    }
    problems.warn("%s (%s) is now called %s; rename it.".formatted(old, former.key(), now));
    return entry != null && entry.key().layer() > former.key().layer() ? entry : former;
  }

  /** Returns the value of a setting among others. */
  private @Nullable Object value(
      SettingInfo setting,
      List<SettingInfo> all,
      @Nullable Entry entry,
      Origin origin,
      String path) {
    String key = setting.word() ? path : join(path, setting.key());
    Type type = setting.type().getType();
    if (entry != null && LegalValues.isNoList(type, entry.value())) {
      String shown = shown(entry.value(), setting.secret());
      String rule =
          "must be a list" + LegalValues.exampleOfList(setting, shown) + noListMeant(setting, all);
      return failWith(LegalValues.raw(type), key, shown, entry.value().origin(), rule);
    }
    if (entry != null && !entry.value().isEmpty()) {
      return value(type, withDefaultName(setting, entry.value()), key, setting.secret());
    }
    String defaultText = writer == Writer.USER ? setting.defaultText() : setting.earlier();
    if (defaultText != null) {
      YamlReader reader = new YamlReader(Origin.DEFAULT.layer(), "default", problems);
      return value(type, reader.read(defaultText), key, setting.secret());
    }
    if (LegalValues.raw(type) == Optional.class) {
      return Optional.empty();
    }
    if (writer == Writer.RUN && setting.secret()) {
      failed.add(key); // Nor do its constraints count.
    } else if (!setting.optional()) {
      String rule = "is required but missing; set it to " + setting.legal() + ".";
      String meaning = setting.description().isEmpty() ? "" : " " + setting.description() + ".";
      fail(key, null, entry == null ? origin : entry.key(), rule + meaning);
    }
    return Scalars.placeholder(LegalValues.raw(type));
  }

  /** Names the setting for one value whose name is like that of a list. */
  private static String noListMeant(SettingInfo list, List<SettingInfo> all) {
    List<String> others =
        all.stream()
            .filter(other -> !LegalValues.isList(other.type().getType()))
            .map(SettingInfo::key)
            .toList();
    String hint = NearestName.hint(list.key(), others);
    return hint.isEmpty() ? "" : "." + hint;
  }

  private @Nullable Object value(Type type, ConfigNode node, String path, boolean secret) {
    origins.put(path, node.origin());
    Class<?> raw = LegalValues.raw(type);
    if (raw == PluginChoice.class) {
      return choice(type, node, path);
    }
    if (raw == AnyValue.class) {
      return AnyValue.of(node);
    }
    if (raw.isRecord()) {
      return bind(raw.asSubclass(Record.class), shorthand(raw, node), path);
    }
    if (raw == Optional.class) {
      return Optional.ofNullable(value(argument(type, 0), node, path, secret));
    }
    if (raw == List.class || raw == Set.class) {
      List<@Nullable Object> list = list(argument(type, 0), node, path, secret);
      return raw == List.class ? list : Collections.unmodifiableSet(new LinkedHashSet<>(list));
    }
    if (raw == Map.class) {
      return map(argument(type, 1), node, path, secret);
    }
    return scalar(raw, node, path, secret);
  }

  /** Settings without a plugin's name are those of the plugin that the default names. */
  private static ConfigNode withDefaultName(SettingInfo setting, ConfigNode node) {
    Entry name = setting.defaultPlugin();
    if (name == null || !(node instanceof Mapping mapping) || mapping.entries().containsKey(NAME)) {
      return node;
    }
    Map<String, Entry> entries = new LinkedHashMap<>(mapping.entries());
    entries.put(NAME, name);
    return new Mapping(entries, mapping.origin());
  }

  /**
   * {@code user: mlp} is short for {@code user: {name: mlp}} wherever a record has an inline
   * plugin.
   */
  private static ConfigNode shorthand(Class<?> record, ConfigNode node) {
    if (SettingInfo.word(record).isPresent()) {
      return word(node);
    }
    boolean inline = SettingInfo.of(record).stream().anyMatch(SettingInfo::inline);
    return inline ? node.expanded() : node;
  }

  /** Keys replace the word of a lower layer. */
  private static ConfigNode word(ConfigNode node) {
    if (node instanceof Scalar scalar && !scalar.empty()) {
      return new Mapping(Map.of(WORD, new Entry(node.origin(), node)), node.origin());
    }
    Entry below = node instanceof Mapping mapping ? mapping.entries().get(NAME) : null;
    if (below == null || !below.isExpanded()) {
      return node;
    }
    Map<String, Entry> entries = new LinkedHashMap<>(((Mapping) node).entries());
    entries.remove(NAME);
    return new Mapping(entries, node.origin());
  }

  private static Type argument(Type type, int index) {
    return ((ParameterizedType) type).getActualTypeArguments()[index];
  }

  private @Nullable Object scalar(Class<?> type, ConfigNode node, String path, boolean secret) {
    String legal = LegalValues.scalar(type);
    if (!(node instanceof Scalar scalar)) {
      return failWith(type, path, shown(node, secret), node.origin(), "must be " + legal);
    }
    try {
      return Scalars.parse(scalar.text(), type);
    } catch (Scalars.NotOfTheType e) {
      String shown = secret ? "***" : scalar.text();
      return failWith(type, path, shown, node.origin(), String.valueOf(e.getMessage()));
    }
  }

  private static String shown(ConfigNode node, boolean secret) {
    return secret ? "***" : node.quoted();
  }

  private List<@Nullable Object> list(Type item, ConfigNode node, String path, boolean secret) {
    List<@Nullable Object> values = new ArrayList<>();
    if (node instanceof Sequence sequence) {
      for (ConfigNode element : sequence.items()) {
        values.add(value(item, element, path + "[" + values.size() + "]", secret));
      }
    } else if (!node.isEmpty()) {
      String shown = shown(node, secret);
      fail(path, shown, node.origin(), "must be a list, for example [" + shown + "]");
    }
    return Collections.unmodifiableList(values);
  }

  private Map<String, @Nullable Object> map(
      Type item, ConfigNode node, String path, boolean secret) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    Mapping mapping = mapping(node, path, KEYS, secret);
    Entry expanded = mapping == null ? null : mapping.entries().get(NAME);
    if (expanded != null && expanded.isExpanded()) {
      fail(path, shown(expanded.value(), secret), expanded.key(), KEYS);
    } else if (mapping != null) {
      mapping
          .entries()
          .forEach(
              (key, entry) -> values.put(key, value(item, entry.value(), join(path, key), secret)));
    }
    return Collections.unmodifiableMap(values);
  }

  private @Nullable Object choice(Type type, ConfigNode node, String path) {
    String rule = "must be the name of a plugin and its settings";
    Mapping mapping = mapping(node.expanded(), path, rule, false);
    return mapping == null
        ? null
        : choice(
            LegalValues.kind(type),
            new LinkedHashMap<>(mapping.entries()),
            node.origin(),
            path,
            Set.of());
  }

  private @Nullable Object choice(
      PluginKind kind, Map<String, Entry> keys, Origin origin, String path, Set<String> hostKeys) {
    Entry named = keys.remove(NAME);
    String key = join(path, NAME);
    String known = String.join(", ", plugins.names(kind));
    if (named == null || !(named.value() instanceof Scalar scalar) || scalar.empty()) {
      Origin at = named == null ? origin : named.key();
      String rule = "is required but missing; set it to the name of a %s: %s";
      return fail(key, null, at, rule.formatted(kind.title(), known));
    }
    origins.put(key, scalar.origin());
    PluginFactory<?> factory = factory(kind, scalar, key);
    if (factory == null) {
      return null;
    }
    dropReplaced(keys, factory, named.value().origin(), path);
    Set<String> hidden = new TreeSet<>(keys(factory.configType()));
    hidden.retainAll(ReservedKeys.of(kind));
    if (!hidden.isEmpty()) {
      String rule = "has settings %s, which the runtime reads itself; report it to its author";
      fail(key, scalar.text(), scalar.origin(), rule.formatted(hidden));
      return null;
    }
    Record config = bind(factory.configType(), keys, origin, path);
    unknown(keys, factory.configType(), hostKeys, path);
    return config == null ? null : PluginChoice.of(scalar.text(), factory, config);
  }

  private @Nullable PluginFactory<?> factory(PluginKind kind, Scalar name, String key) {
    try {
      return plugins.factory(kind, name.text());
    } catch (MsrException e) {
      String rule = String.valueOf(e.getMessage());
      if (e.code().equals("plugin/UNKNOWN")) {
        List<String> names = plugins.names(kind);
        String known = names.isEmpty() ? "none was found" : "there are " + String.join(", ", names);
        rule = "there is no such %s: %s.".formatted(kind.title(), known);
        String hint = NearestName.hint(name.text(), names);
        List<BrokenPlugin> broken = plugins.mayHold(List.of(kind));
        problems.mayBeIn(broken);
        rule +=
            hint.isEmpty() && broken.isEmpty()
                ? " Plugins in a plugin folder need --plugins FOLDER."
                : hint;
      }
      fail(key, name.text(), name.origin(), rule);
      return null;
    }
  }

  /** If a file names another plugin than its base, drops the settings that this plugin lacks. */
  private void dropReplaced(
      Map<String, Entry> keys, PluginFactory<?> factory, Origin named, String path) {
    Set<String> legal = keys(factory.configType());
    SettingInfo.of(factory.configType()).stream()
        .map(SettingInfo::formerly)
        .filter(former -> !former.isEmpty())
        .forEach(legal::add);
    keys.entrySet()
        .removeIf(
            entry -> {
              Origin at = entry.getValue().key();
              boolean left = !legal.contains(entry.getKey()) && at.layer() < named.layer();
              if (left) {
                problems.warn(
                    "%s (%s) is not a setting of the plugin that %s names, and is ignored."
                        .formatted(join(path, entry.getKey()), at, named));
              }
              return left;
            });
  }

  /** Refuses keys that a record does not have, nor its host. */
  private void unknown(
      Map<String, Entry> rest, Class<? extends Record> type, Set<String> hostKeys, String path) {
    rest.forEach(
        (key, entry) -> {
          if (key.equals(NAME) && entry.isExpanded()) {
            fail(path, entry.value().quoted(), entry.key(), KEYS);
            return;
          }
          String rule =
              Lookalikes.inKey(key)
                  .map("unknown key. "::concat)
                  .orElseGet(() -> UnknownKey.rule(key, entry.value(), type, hostKeys));
          fail(join(path, key), null, entry.key(), rule);
        });
  }

  static Set<String> keys(Class<?> record) {
    Set<String> keys = new TreeSet<>();
    for (SettingInfo setting : SettingInfo.of(record)) {
      if (!setting.word()) {
        keys.add(setting.inline() ? NAME : setting.key());
      }
    }
    return keys;
  }

  private @Nullable Mapping mapping(ConfigNode node, String path, String rule, boolean secret) {
    if (node instanceof Mapping mapping) {
      return mapping;
    }
    if (node.isEmpty()) {
      return new Mapping(Map.of(), node.origin());
    }
    fail(path, shown(node, secret), node.origin(), rule);
    return null;
  }

  private @Nullable Record construct(
      Class<? extends Record> type, @Nullable Object[] values, Origin origin, String path) {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<? extends Record> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      Record record = constructor.newInstance(values);
      beans.put(record, path);
      return record;
    } catch (InvocationTargetException e) {
      if (!failed(path)) {
        fail(path, null, origin, "is refused: " + e.getCause());
      }
      return null;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be constructed", e);
    }
  }

  private @Nullable Object fail(String path, @Nullable String value, Origin origin, String rule) {
    failed.add(path);
    problems.add(path, value, origin, Lookalikes.explain(rule, value));
    return null;
  }

  private @Nullable Object failWith(
      Class<?> type, String path, String value, Origin origin, String rule) {
    fail(path, value, origin, rule);
    return Scalars.placeholder(type);
  }

  static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}

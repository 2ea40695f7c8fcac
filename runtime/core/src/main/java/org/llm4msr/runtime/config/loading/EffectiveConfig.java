package org.llm4msr.runtime.config.loading;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.PluginChoice;

/**
 * A configuration with every default written out, as a run really used it. Its YAML can be read
 * again; secrets are masked.
 *
 * @param values maps, lists, texts, numbers and booleans, by key
 * @param origins where each value came from, by full key; only for the keys of {@code values}
 */
public record EffectiveConfig(Map<String, Object> values, Map<String, Origin> origins) {

  private static final String SECRET = "***";
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z/][A-Za-z0-9_./+-]*");
  private static final Pattern RESERVED = Pattern.compile("(?i)true|false|null|yes|no|on|off|y|n");

  /** Returns the full keys of secrets that are set. */
  public Set<String> secrets() {
    Map<String, String> flat = FlatValues.of(values);
    flat.values().removeIf(value -> !value.equals(SECRET));
    return flat.keySet();
  }

  /** Returns where a value was written, or else the value that is nearest above its key. */
  public Origin origin(String path) {
    for (String at = path; !at.isEmpty(); at = RecordBinder.parent(at)) {
      Origin origin = origins.get(at);
      if (origin != null) {
        return origin;
      }
    }
    return Origin.DEFAULT;
  }

  /** Returns whether somebody wrote a value, or one below it. */
  public boolean isWritten(String path) {
    return origins.entrySet().stream()
        .anyMatch(origin -> isAt(origin.getKey(), path) && origin.getValue().layer() >= 0);
  }

  /** Makes the effective form of a record whose origins do not matter. */
  public static EffectiveConfig of(Record root) {
    return of(root, path -> Origin.DEFAULT);
  }

  static EffectiveConfig of(Record root, Function<String, Origin> origin) {
    Map<String, Origin> origins = new LinkedHashMap<>();
    return new EffectiveConfig(values(root, "", origin, origins), origins);
  }

  /**
   * Returns the values of a record that determine the result, under their present names.
   *
   * @param flat values by full key, written now or by an earlier release of a plugin
   */
  public static Map<String, String> decisive(Map<String, String> flat, Record root) {
    Keys keys = new Keys(root);
    Map<String, String> decisive = new TreeMap<>();
    flat.forEach((key, value) -> decisive.put(renamed(key, keys.present), value));
    decisive
        .keySet()
        .removeIf(key -> keys.operational.stream().anyMatch(operational -> isAt(key, operational)));
    keys.before.forEach(decisive::remove);
    return decisive;
  }

  /** Returns a text of the values that determine the result; renaming a setting keeps it. */
  public static String identity(Record root) {
    Map<String, String> former = new TreeMap<>(Comparator.reverseOrder());
    new Keys(root).present.forEach((before, now) -> former.put(now, before));
    Map<String, String> first = new TreeMap<>();
    decisive(FlatValues.of(of(root).values()), root)
        .forEach((key, value) -> first.put(renamed(key, former), value));
    return first.toString();
  }

  /** Renames a key or one of its parents. */
  private static String renamed(String key, Map<String, String> names) {
    String now = key;
    for (Map.Entry<String, String> name : names.entrySet()) {
      if (isAt(now, name.getKey())) {
        now = name.getValue() + now.substring(name.getKey().length());
      }
    }
    return now;
  }

  private static boolean isAt(String key, String path) {
    return key.equals(path) || key.startsWith(path + ".");
  }

  /** The full keys of a record's values by the annotations of the values. */
  private static final class Keys {
    final Set<String> operational = new HashSet<>();
    final Map<String, String> before = new HashMap<>();
    final Map<String, String> present = new TreeMap<>(); // A parent comes before its parts.

    Keys(Record root) {
      read(root, "");
    }

    private void read(Record record, String path) {
      for (SettingInfo setting : SettingInfo.of(record.getClass())) {
        String key = setting.inline() ? path : RecordBinder.join(path, setting.key());
        if (setting.operational() || setting.secret()) {
          operational.add(key);
        }
        if (!setting.before().isEmpty()) {
          before.put(key, setting.before());
        }
        if (!setting.formerly().isEmpty()) {
          present.put(RecordBinder.join(path, setting.formerly()), key);
        }
        read(EffectiveConfig.read(record, setting.key()), key);
      }
    }

    private void read(@Nullable Object value, String key) {
      if (value instanceof PluginChoice<?, ?> choice) {
        read(choice.config(), key);
      } else if (value instanceof Record inner) {
        read(inner, key);
      } else if (value instanceof List<?> list) {
        for (int i = 0; i < list.size(); i++) {
          read(list.get(i), key + "." + i);
        }
      } else if (value instanceof Map<?, ?> map) {
        map.forEach((inner, element) -> read(element, key + "." + inner));
      } else if (value instanceof Optional<?> optional) {
        read(optional.orElse(null), key);
      }
    }
  }

  private static Map<String, Object> values(
      Record record, String path, Function<String, Origin> origin, Map<String, Origin> origins) {
    Map<String, Object> values = new LinkedHashMap<>();
    List<SettingInfo> settings = SettingInfo.of(record.getClass());
    for (SettingInfo setting : settings) {
      Object value = read(record, setting.key());
      if (setting.inline() && value instanceof PluginChoice<?, ?> choice) {
        values.putAll(plugin(choice, path, origin, origins));
      }
    }
    for (SettingInfo setting : settings) {
      Object value = read(record, setting.key());
      if (!setting.inline() && value != null) {
        String key = RecordBinder.join(path, setting.key());
        Object plain = setting.secret() ? SECRET : plain(value, key, origin, origins);
        if (plain != null) {
          values.put(setting.key(), plain);
          origins.put(key, origin.apply(key));
        }
      }
    }
    return values;
  }

  private static Map<String, Object> plugin(
      PluginChoice<?, ?> choice,
      String path,
      Function<String, Origin> origin,
      Map<String, Origin> origins) {
    Map<String, Object> values = new LinkedHashMap<>();
    String key = RecordBinder.join(path, "name");
    values.put("name", choice.name());
    origins.put(key, origin.apply(key));
    values.putAll(values(choice.config(), path, origin, origins));
    return values;
  }

  private static @Nullable Object plain(
      Object value, String path, Function<String, Origin> origin, Map<String, Origin> origins) {
    if (value instanceof PluginChoice<?, ?> choice) {
      return plugin(choice, path, origin, origins);
    }
    if (value instanceof Record record) {
      Object word =
          SettingInfo.word(record.getClass()).map(w -> read(record, w.key())).orElse(null);
      return word == null ? values(record, path, origin, origins) : word(word);
    }
    if (value instanceof Optional<?> optional) {
      return optional.map(element -> plain(element, path, origin, origins)).orElse(null);
    }
    if (value instanceof Path file) { // A Path is an Iterable of its parts.
      return file.toString();
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> plain = new LinkedHashMap<>();
      map.forEach(
          (key, element) -> {
            String inner = RecordBinder.join(path, key.toString());
            plain.put(key.toString(), plain(element, inner, origin, origins));
            origins.put(inner, origin.apply(inner));
          });
      return plain;
    }
    if (value instanceof Iterable<?> items) {
      List<Object> plain = new ArrayList<>();
      items.forEach(element -> plain.add(plain(element, path, origin, origins)));
      if (value instanceof Set) { // Its order is meaningless, and may differ between processes.
        plain.sort(Comparator.comparing(String::valueOf));
      }
      return plain;
    }
    return value instanceof Enum<?> ? word(value) : value;
  }

  private static String word(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static @Nullable Object read(Record record, String key) {
    try {
      RecordComponent component =
          Arrays.stream(record.getClass().getRecordComponents())
              .filter(candidate -> candidate.getName().equals(key))
              .findFirst()
              .orElseThrow();
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(key + " cannot be read", e);
    }
  }

  /** Returns YAML. */
  public String yaml() {
    return yaml(false);
  }

  /** Returns YAML; with {@code origin}, a comment after each value says where it came from. */
  public String yaml(boolean origin) {
    StringBuilder out = new StringBuilder();
    write(values, "", "", origin, out);
    return out.toString();
  }

  private void write(Map<?, ?> map, String path, String indent, boolean origin, StringBuilder out) {
    map.forEach(
        (key, value) -> {
          String full = RecordBinder.join(path, key.toString());
          // The presence of a secret is shown, but not its value.
          out.append(SECRET.equals(value) ? indent + "# " : indent);
          out.append(text(key.toString())).append(':');
          if (value instanceof Map<?, ?> inner && !inner.isEmpty()) {
            out.append('\n');
            write(inner, full, indent + "  ", origin, out);
          } else {
            out.append(' ').append(flow(value));
            Origin at = origins.get(full);
            out.append(origin && at != null ? "  # " + at : "").append('\n');
          }
        });
  }

  private static String flow(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> text(entry.getKey().toString()) + ": " + flow(entry.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (value instanceof List<?> list) {
      return list.stream().map(EffectiveConfig::flow).collect(Collectors.joining(", ", "[", "]"));
    }
    return value instanceof String text ? text(text) : String.valueOf(value);
  }

  private static String text(String text) {
    boolean plain = PLAIN.matcher(text).matches() && !RESERVED.matcher(text).matches();
    if (plain) {
      return text;
    }
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }
}

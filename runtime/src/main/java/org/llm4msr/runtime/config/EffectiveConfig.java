package org.llm4msr.runtime.config;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A configuration with every default written out: what a run really used. Its YAML can be read
 * again; secrets are masked.
 *
 * @param values maps, lists, texts, numbers and booleans, by key
 * @param origins where each value came from, by full key; the keys of {@code values} only
 */
public record EffectiveConfig(Map<String, Object> values, Map<String, Origin> origins) {

  private static final String SECRET = "***";
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z/][A-Za-z0-9_./+-]*");
  private static final Pattern RESERVED = Pattern.compile("(?i)true|false|null|yes|no|on|off|y|n");

  /** Makes the effective form of a record whose origins do not matter. */
  public static EffectiveConfig of(Record root) {
    return of(root, path -> Origin.DEFAULT);
  }

  static EffectiveConfig of(Record root, Function<String, Origin> origin) {
    Map<String, Origin> origins = new LinkedHashMap<>();
    return new EffectiveConfig(values(root, "", origin, origins), origins);
  }

  /** Returns the full keys of a record that decide only how the work is done. */
  public static Set<String> operational(Record root) {
    Set<String> keys = new TreeSet<>();
    operational(root, "", keys);
    return keys;
  }

  private static void operational(Record record, String path, Set<String> keys) {
    for (SettingInfo setting : SettingInfo.of(record.getClass())) {
      String key = setting.inline() ? path : RecordBinder.join(path, setting.key());
      Object value = read(record, setting.key());
      if (setting.operational()) {
        keys.add(key);
      } else if (value instanceof PluginChoice<?> choice) {
        operational(choice.config(), key, keys);
      } else if (value instanceof Record inner) {
        operational(inner, key, keys);
      }
    }
  }

  private static Map<String, Object> values(
      Record record, String path, Function<String, Origin> origin, Map<String, Origin> origins) {
    Map<String, Object> values = new LinkedHashMap<>();
    List<SettingInfo> settings = SettingInfo.of(record.getClass());
    for (SettingInfo setting : settings) {
      Object value = read(record, setting.key());
      if (setting.inline() && value instanceof PluginChoice<?> choice) {
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
      PluginChoice<?> choice,
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
    if (value instanceof PluginChoice<?> choice) {
      return plugin(choice, path, origin, origins);
    }
    if (value instanceof Record record) {
      return values(record, path, origin, origins);
    }
    if (value instanceof Optional<?> optional) {
      return optional.map(one -> plain(one, path, origin, origins)).orElse(null);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> plain = new LinkedHashMap<>();
      map.forEach((key, one) -> plain.put(key.toString(), plain(one, path, origin, origins)));
      return plain;
    }
    if (value instanceof Iterable<?> items) {
      List<Object> plain = new ArrayList<>();
      items.forEach(one -> plain.add(plain(one, path, origin, origins)));
      return plain;
    }
    if (value instanceof Enum<?> constant) {
      return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
    return value instanceof Path file ? file.toString() : value;
  }

  private static @Nullable Object read(Record record, String key) {
    try {
      RecordComponent component =
          Arrays.stream(record.getClass().getRecordComponents())
              .filter(one -> one.getName().equals(key))
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

  /** Returns YAML; with {@code origin}, a comment behind each value says where it came from. */
  public String yaml(boolean origin) {
    StringBuilder out = new StringBuilder();
    write(values, "", "", origin, out);
    return out.toString();
  }

  private void write(Map<?, ?> map, String path, String indent, boolean origin, StringBuilder out) {
    map.forEach(
        (key, value) -> {
          String full = RecordBinder.join(path, key.toString());
          // A secret is shown to be there and is not passed on.
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
          .map(one -> text(one.getKey().toString()) + ": " + flow(one.getValue()))
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

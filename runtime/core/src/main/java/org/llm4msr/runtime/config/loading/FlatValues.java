package org.llm4msr.runtime.config.loading;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Nested maps and lists as one map by full key, such as {@code overall.auc}. */
public final class FlatValues {

  private FlatValues() {}

  /** Returns values by full key; mappings in a list have their index as a key. */
  public static Map<String, String> of(Map<?, ?> values) {
    Map<String, String> flat = new TreeMap<>();
    values.forEach((key, value) -> add(key.toString(), value, flat));
    return flat;
  }

  private static void add(String key, @Nullable Object value, Map<String, String> flat) {
    if (value instanceof Map<?, ?> map) {
      map.forEach((inner, element) -> add(key + "." + inner, element, flat));
    } else if (value instanceof List<?> list && list.stream().anyMatch(Map.class::isInstance)) {
      for (int i = 0; i < list.size(); i++) {
        add(key + "." + i, list.get(i), flat);
      }
    } else {
      flat.put(key, Objects.toString(value));
    }
  }

  /**
   * Says in what two configurations differ, one text per key.
   *
   * @param section precedes each key, for example {@code "knowledge."}
   */
  public static List<String> differences(
      String section, Map<String, String> before, Map<String, String> now) {
    TreeSet<String> keys = new TreeSet<>(before.keySet());
    keys.addAll(now.keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String was = before.getOrDefault(key, "not set");
      String is = now.getOrDefault(key, "not set");
      if (!was.equals(is)) {
        differences.add("%s%s was %s and is now %s".formatted(section, key, was, is));
      }
    }
    return differences;
  }
}

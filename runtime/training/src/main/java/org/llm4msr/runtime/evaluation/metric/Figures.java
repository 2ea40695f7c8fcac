package org.llm4msr.runtime.evaluation.metric;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Figures of metrics by name, in order: numbers, counts, and reasons why numbers are missing. */
public final class Figures {

  private static final Set<String> TAKEN = Set.of("name", "rows", "positives");
  private static final String MISSING = "Missing";

  private final Map<String, @Nullable Object> values = new LinkedHashMap<>();

  /** Returns the name of the reason why a figure is missing. */
  public static String missing(String key) {
    return key + MISSING;
  }

  /** Adds a number; NaN if it is not defined. */
  public Figures number(String key, double value) {
    return put(key, Double.isFinite(value) ? value : null);
  }

  /** Adds a number, and why it is not defined; null if it is. */
  public Figures number(String key, double value, @Nullable String reason) {
    return number(key, value).put(missing(key), reason);
  }

  /** Adds a count. */
  public Figures count(String key, long value) {
    return put(key, value);
  }

  private Figures put(String key, @Nullable Object value) {
    if (TAKEN.contains(key) || values.containsKey(key)) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "evaluation/METRIC",
          "Two metrics write the figure '%s'. Give it another name.".formatted(key));
    }
    values.put(key, value);
    return this;
  }

  /** Returns all figures; null for what is not defined. */
  public Map<String, @Nullable Object> values() {
    return Collections.unmodifiableMap(values);
  }
}

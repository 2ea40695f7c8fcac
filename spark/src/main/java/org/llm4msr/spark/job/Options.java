package org.llm4msr.spark.job;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.home.JobException;

/**
 * The options of a job, {@code --name value} each; a repeated one has several values.
 *
 * @param values by name, without the dashes
 */
public record Options(Map<String, List<String>> values) {

  private static final String DASHES = "--";

  /**
   * Reads options.
   *
   * @throws JobException {@code spark/USAGE}
   */
  public static Options parse(List<String> arguments) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    for (int i = 0; i < arguments.size(); i += 2) {
      String name = arguments.get(i);
      if (!name.startsWith(DASHES) || i + 1 == arguments.size()) {
        throw usage("%s is no option with a value".formatted(name));
      }
      values
          .computeIfAbsent(name.substring(DASHES.length()), key -> new ArrayList<>())
          .add(arguments.get(i + 1));
    }
    return new Options(values);
  }

  /** Returns an error of usage. */
  public static JobException usage(String what) {
    return JobException.ofUser(
        "spark/USAGE",
        what + ". `llm4msr spark score --print` shows how this application is called.");
  }

  /** Returns the value of an option that must be there. */
  public String required(String name) {
    String value = optional(name);
    if (value == null) {
      throw usage("--%s is missing".formatted(name));
    }
    return value;
  }

  /** Returns the last value of an option. */
  public @Nullable String optional(String name) {
    List<String> all = all(name);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  /** Returns the last value of an option, or another where it is not there. */
  public String or(String name, String other) {
    String value = optional(name);
    return value == null ? other : value;
  }

  /** Returns all values of an option. */
  public List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }
}

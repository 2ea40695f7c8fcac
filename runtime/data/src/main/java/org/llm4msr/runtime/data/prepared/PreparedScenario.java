package org.llm4msr.runtime.data.prepared;

import static java.util.Objects.requireNonNull;

/**
 * One scenario of prepared data; its rank is its place in the manifest's list.
 *
 * @param key its value in the raw data
 * @param name a short name
 * @param description what it is, may be empty
 * @param rows its rows in each part
 */
public record PreparedScenario(String key, String name, String description, SplitCounts rows) {

  public PreparedScenario {
    requireNonNull(key, "key is null");
    requireNonNull(name, "name is null");
    requireNonNull(description, "description is null");
    requireNonNull(rows, "rows is null");
  }
}

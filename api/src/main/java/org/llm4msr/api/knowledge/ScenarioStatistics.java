package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * Statistics of one scenario in the training part.
 *
 * @param key the scenario's key
 * @param name its name
 * @param description its description, may be empty
 * @param interactions training rows
 * @param users distinct users of these rows
 * @param items distinct items of these rows
 * @param positives rows with label 1
 * @param sharedUsers for every scenario, by rank, the number of users that both have
 * @param popularItems texts of the items with the most positives, in descending order
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record ScenarioStatistics(
    String key,
    String name,
    String description,
    long interactions,
    long users,
    long items,
    long positives,
    List<Long> sharedUsers,
    List<String> popularItems) {

  public ScenarioStatistics {
    requireNonNull(key, "key is null");
    requireNonNull(name, "name is null");
    requireNonNull(description, "description is null");
    sharedUsers = List.copyOf(sharedUsers);
    popularItems = List.copyOf(popularItems);
  }
}

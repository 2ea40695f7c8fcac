package org.llm4msr.api.knowledge;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * A user's positive interactions in the training part, over all scenarios.
 *
 * @param user the raw id
 * @param profile the user in words, may be empty
 * @param events newest last
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record UserHistory(String user, String profile, List<Event> events) {

  public UserHistory {
    requireNonNull(user, "user is null");
    requireNonNull(profile, "profile is null");
    events = List.copyOf(events);
  }

  /**
   * One positive interaction.
   *
   * @param scenario the scenario's name
   * @param item the item's raw id
   * @param text the item in words; empty if the data has no text
   */
  public record Event(String scenario, String item, String text) {

    public Event {
      requireNonNull(scenario, "scenario is null");
      requireNonNull(item, "item is null");
      requireNonNull(text, "text is null");
    }
  }
}

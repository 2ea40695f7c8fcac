package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.data.RawScenario;

/** Names and descriptions of the scenarios of a short-video app. */
final class AppScenarios {

  private static final List<RawScenario> KNOWN =
      List.of(
          new RawScenario(
              "recommendation",
              "recommendation",
              "The main feed of the app: videos chosen for the user, who scrolls without a query."),
          new RawScenario(
              "search",
              "search",
              "The results of a query that the user typed; each result may match it or not."),
          new RawScenario(
              "featured",
              "featured",
              "A tab of videos picked by editors and by what is popular at the moment."),
          new RawScenario(
              "nearby", "nearby", "A tab of videos from creators in the user's own city."),
          new RawScenario(
              "related",
              "related videos",
              "Videos offered below the one that the user has just watched to the end."),
          new RawScenario(
              "following", "following", "A tab of new videos from creators the user follows."),
          new RawScenario(
              "live", "live replay", "Recordings of live streams, longer than other videos."),
          new RawScenario(
              "channel", "channel", "Themed channels that the user opens for one kind of video."));

  private AppScenarios() {}

  /** Returns the first {@code count} scenarios; beyond the known ones, they are numbered feeds. */
  static List<RawScenario> of(int count) {
    List<RawScenario> scenarios = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      scenarios.add(
          i < KNOWN.size()
              ? KNOWN.get(i)
              : new RawScenario(
                  "feed-" + (i + 1), "feed " + (i + 1), "Feed number " + (i + 1) + " of the app."));
    }
    return scenarios;
  }
}

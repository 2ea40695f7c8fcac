package org.llm4msr.runtime.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbour;

/** What lies near what in knowledge space. */
public final class Neighbours {

  /** The number of neighbours shown for each scenario. */
  public static final int COUNT = 3;

  private Neighbours() {}

  /** Returns a table of scenarios, by key, and those nearest to them; empty if none is known. */
  public static String table(Map<String, List<Neighbour>> nearest) {
    List<List<String>> rows = new ArrayList<>();
    nearest.forEach((key, others) -> rows.add(List.of(key, text(others))));
    return rows.isEmpty()
        ? ""
        : Html.table(List.of("scenario", "nearest, with the cosine of their vectors"), rows);
  }

  private static String text(List<Neighbour> others) {
    return others.stream()
        .map(
            neighbour ->
                String.format(Locale.ROOT, "%s (%.3f)", neighbour.key(), neighbour.cosine()))
        .collect(Collectors.joining(", "));
  }
}

package org.llm4msr.serving.ranker;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.text.TextTable;

/**
 * What a compiled bundle says of its graphs: the file {@value #FILE} in the folder {@value
 * #FOLDER}.
 *
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}
 * @param scenarios the scenarios, by rank
 */
public record CompiledManifest(int formatVersion, List<Scenario> scenarios) {

  /** The format that this release reads and writes. */
  public static final int FORMAT_VERSION = 1;

  /** The folder of the graphs in a bundle. */
  public static final String FOLDER = "compiled";

  /** The file of the manifest in that folder. */
  public static final String FILE = "compiled.json";

  /** That file by its name in a bundle. */
  public static final String PATH = FOLDER + "/" + FILE;

  /** Returns whether a bundle is compiled. */
  public static boolean isIn(Bundle bundle) {
    return bundle.manifest().files().containsKey(PATH);
  }

  public CompiledManifest {
    scenarios = List.copyOf(scenarios);
  }

  /** Returns a table of the scenarios: graphs, and how near to the model they are. */
  public String text() {
    return TextTable.of(
        List.of("scenario", "graph", "rows compared", "largest difference"),
        scenarios.stream()
            .map(
                scenario ->
                    List.of(
                        scenario.key(),
                        scenario.scorer(),
                        String.valueOf(scenario.rows()),
                        String.format(Locale.ROOT, "%.1e", scenario.largestDifference())))
            .toList());
  }

  /**
   * The graphs of a scenario. Equal ones have the same name.
   *
   * @param key of the scenario
   * @param scorer file of the graph of the rows
   * @param user what makes the numbers of a user that it reads; null without knowledge of users
   * @param rows how many rows were compared with the model
   * @param largestDifference of two probabilities
   */
  public record Scenario(
      String key, String scorer, @Nullable UserFiles user, int rows, double largestDifference) {}

  /**
   * What makes the numbers of users that a graph of rows reads.
   *
   * @param source file of the graph that makes what is stored of a user
   * @param expand file of the graph that makes what the scorer reads of that
   * @param stored file of what is stored, by user; the last is for users that are not known
   */
  public record UserFiles(String source, String expand, String stored) {}
}

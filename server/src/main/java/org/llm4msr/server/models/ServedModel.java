package org.llm4msr.server.models;

import java.nio.file.Path;
import java.time.Instant;
import org.llm4msr.server.config.ModelEntry;
import org.llm4msr.serving.ranker.RankingModel;

/**
 * A model that ranks.
 *
 * @param name by which requests may ask for it
 * @param version of its bundle: the name of the folder
 * @param entry what the configuration says of it
 * @param since when it was loaded
 */
public record ServedModel(
    String name,
    String version,
    Path folder,
    ModelEntry entry,
    RankingModel ranker,
    Instant since) {

  /** Returns its share of users; a shadow has none. */
  public double weight() {
    return entry.shadow() > 0 ? 0 : entry.weight();
  }
}

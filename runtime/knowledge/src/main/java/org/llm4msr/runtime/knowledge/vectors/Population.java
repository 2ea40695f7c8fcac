package org.llm4msr.runtime.knowledge.vectors;

import java.util.BitSet;
import java.util.List;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.rows.RowEncoder;

/**
 * The users and scenarios that a model knows, by index.
 *
 * @param users raw ids
 * @param trainingUsers those with a training row
 * @param scenarios keys, by rank
 */
public record Population(List<String> users, BitSet trainingUsers, List<String> scenarios) {

  public static Population of(PreparedData data) {
    return new Population(data.userKeys(), data.trainingUsers(), scenarios(data.manifest()));
  }

  /** Returns those of a model that is not trained further. */
  public static Population of(RowEncoder encoder) {
    return new Population(encoder.userKeys(), new BitSet(), scenarios(encoder.manifest()));
  }

  private static List<String> scenarios(DatasetManifest manifest) {
    return manifest.scenarioKeys();
  }

  Iterable<String> trainingKeys() {
    return () -> trainingUsers.stream().mapToObj(users::get).iterator();
  }
}

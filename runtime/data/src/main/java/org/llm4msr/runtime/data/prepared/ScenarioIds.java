package org.llm4msr.runtime.data.prepared;

import java.nio.file.Path;
import java.util.List;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.FieldForm;

/**
 * The ids of scenarios in a field, as a folder of prepared data or a bundle has them.
 *
 * @param folder of prepared data, or a bundle's part of it
 */
public record ScenarioIds(Path folder, DatasetManifest manifest) {

  /** Returns whether a field holds the raw ids of scenarios. */
  public boolean isIn(PreparedField field) {
    FieldSource source = FieldSource.read(folder).get(field.name());
    return FieldForm.of(field.kind()) == FieldForm.ID
        && field.hasVocabulary()
        && source != null
        && source.column().equals(RawSchema.SCENARIO);
  }

  /**
   * Reads the ids by the rank of the scenario; 0 of the one after the last, which is not known.
   *
   * @param field that holds them
   */
  public int[] of(PreparedField field) {
    List<String> values = PreparedIds.open(folder).values(field);
    List<String> keys = manifest.scenarioKeys();
    int[] ids = new int[keys.size() + 1];
    for (int rank = 0; rank < keys.size(); rank++) {
      ids[rank] = 1 + values.indexOf(keys.get(rank));
    }
    return ids;
  }
}

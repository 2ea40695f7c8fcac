package org.llm4msr.runtime.assembly.sequences;

import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.ItemIds;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.ScenarioIds;
import org.llm4msr.runtime.knowledge.past.EventLogs;

/**
 * What sequences read beside the rows.
 *
 * @param events the log; null where no sequence reads it
 * @param itemField the name of the field of raw ids of items; null where none is known
 * @param idsOfItems reads the ids of a field by item, 0 for the one after the last
 * @param isOfScenarios whether a field holds the ids of scenarios
 * @param idsOfScenarios reads the ids of such a field by rank, 0 for the one after the last
 */
public record SequenceInputs(
    @Nullable EventLogs events,
    @Nullable String itemField,
    Function<PreparedField, int[]> idsOfItems,
    Predicate<PreparedField> isOfScenarios,
    Function<PreparedField, int[]> idsOfScenarios) {

  /** Takes what is known of items alone. */
  public SequenceInputs(
      @Nullable EventLogs events,
      @Nullable String itemField,
      Function<PreparedField, int[]> idsOfItems) {
    this(events, itemField, idsOfItems, field -> false, idsOfItems);
  }

  /** Reads what a folder of prepared data, or a bundle's part of it, says of items. */
  public static SequenceInputs of(
      Path folder, DatasetManifest manifest, @Nullable EventLogs events) {
    ItemIds items = new ItemIds(folder, manifest);
    ScenarioIds scenarios = new ScenarioIds(folder, manifest);
    return new SequenceInputs(
        events,
        items.field().map(PreparedField::name).orElse(null),
        items::of,
        scenarios::isIn,
        scenarios::of);
  }
}

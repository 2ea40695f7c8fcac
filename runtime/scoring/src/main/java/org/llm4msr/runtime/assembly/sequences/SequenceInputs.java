package org.llm4msr.runtime.assembly.sequences;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FieldSource;
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

  /** Takes what a schema says of raw data, of which ids are not known, and empty here. */
  public static SequenceInputs of(RawSchema schema) {
    Map<String, RawField> fields =
        schema.fields().stream()
            .collect(Collectors.toMap(RawField::name, field -> field, (first, second) -> first));
    return new SequenceInputs(
        null,
        schema.fields().stream()
            .filter(field -> isId(field, RawSchema.ITEM))
            .map(RawField::name)
            .findFirst()
            .orElse(null),
        field -> noIds(fields.get(field.name())),
        field -> field.hasVocabulary() && isId(fields.get(field.name()), RawSchema.SCENARIO),
        field -> new int[0]);
  }

  private static boolean isId(@Nullable RawField field, String column) {
    return field != null
        && FieldForm.of(field.kind()) == FieldForm.ID
        && field.column().equals(column);
  }

  private static int[] noIds(@Nullable RawField field) {
    boolean isOfItems =
        field != null
            && FieldForm.of(field.kind()) == FieldForm.ID
            && FieldSource.home(field) == RawTable.ITEMS;
    if (field != null && !isOfItems) {
      throw new MsrException(
          ErrorType.USER,
          "model/SEQUENCE_TABLE",
          "A sequence of items reads the table of the field '%s', but the data does not have one id of it for each item. Name a field of items in 'table'."
              .formatted(field.name()));
    }
    return new int[0];
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

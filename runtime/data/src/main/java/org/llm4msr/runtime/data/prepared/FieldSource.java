package org.llm4msr.runtime.data.prepared;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/**
 * Where a field's values come from: an entry of {@code field-sources.json}.
 *
 * @param field its name
 * @param home USERS or ITEMS where every user or item has one value, INTERACTIONS where every row
 *     has its own
 * @param column the raw column
 */
public record FieldSource(String field, RawTable home, String column) {

  /** The columns of raw ids. */
  public static final List<String> IDS =
      List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO);

  public FieldSource {
    requireNonNull(field, "field is null");
    requireNonNull(home, "home is null");
    requireNonNull(column, "column is null");
  }
}

package org.llm4msr.runtime.explanation;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * What is to be explained: one user with one item; else the rows of a part, or those of one user or
 * one scenario.
 *
 * @param user raw id; null for all
 * @param scenario key; null for all
 * @param item raw id, of which the part need have no row; null for the rows of the part
 * @param values what the row of user and item has in columns that are stored with neither, by
 *     column; values of a list are separated by {@code |}
 * @param split the part
 * @param rows how many rows of a user are shown one by one
 * @param neighbours how many neighbours of each vector are shown
 */
public record ExplanationRequest(
    @Nullable String user,
    @Nullable String scenario,
    @Nullable String item,
    Map<String, String> values,
    Split split,
    int rows,
    int neighbours) {

  public ExplanationRequest {
    values = Map.copyOf(values);
    requireNonNull(split, "split is null");
    if (item != null && user == null) {
      throw new IllegalArgumentException("item %s without a user".formatted(item));
    }
  }
}

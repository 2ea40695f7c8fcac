package org.llm4msr.plugins.datasets.sql;

import java.util.List;
import org.llm4msr.toolkit.database.SqlText;

/**
 * The lists of a column and the weights of their elements, in SQL. Rows whose weights are not from
 * 0 to 1e30, or not as many as the elements, are refused.
 *
 * @param values a list of texts, null where an element is missing
 * @param weights a list of as many numbers, null where one is missing
 */
public record WeightedList(String values, String weights) {

  private static final String NUMBERS = "list_transform(%s, lambda part: TRY_CAST(part AS DOUBLE))";

  /**
   * Takes weights from a column of their own.
   *
   * @param separator of lists that are texts
   * @param missing cells and elements that are missing
   */
  public static WeightedList of(
      TableInput input, String column, String weights, String separator, List<String> missing) {
    requireTexts(input, column);
    String values = input.places(column, separator, missing);
    String texts = input.places(weights, separator, missing);
    String holds =
        "(%2$s IS NULL OR %1$s IS NULL OR (len(%1$s) = len(%2$s) AND %3$s))"
            .formatted(values, texts, areWeights(texts));
    return new WeightedList(values, NUMBERS.formatted(texts))
        .with(input, weights, holds, "a weight from 0 to 1e30 of each element of " + column);
  }

  /**
   * Takes weights from the elements: what stands after the last mark, such as {@code :}; one
   * without a mark has none.
   *
   * @param mark between an element and its weight
   * @param separator of lists that are texts
   * @param missing cells and elements that are missing
   */
  public static WeightedList marked(
      TableInput input, String column, String mark, String separator, List<String> missing) {
    String all = input.places(column, separator, List.of());
    String parts = "string_split(part, " + SqlText.literal(mark) + ")";
    String value =
        "CASE WHEN len(%1$s) > 1 THEN array_to_string(%1$s[:-2], %2$s) ELSE part END"
            .formatted(parts, SqlText.literal(mark));
    String weight = "CASE WHEN len(%1$s) > 1 THEN nullif(%1$s[-1], '') END".formatted(parts);
    String values = "list_transform(%s, lambda part: nullif(%s, ''))".formatted(all, value);
    String texts = "list_transform(%s, lambda part: %s)".formatted(all, weight);
    String holds = "(%1$s IS NULL OR %2$s)".formatted(all, areWeights(texts));
    String present =
        missing.isEmpty()
            ? values
            : "list_transform(%s, lambda part: CASE WHEN %s THEN part END)"
                .formatted(values, Sql.isOtherThan(missing, "part"));
    String expected = "a list of VALUE%sWEIGHT with weights from 0 to 1e30".formatted(mark);
    return new WeightedList(present, NUMBERS.formatted(texts)).with(input, column, holds, expected);
  }

  private static void requireTexts(TableInput input, String column) {
    if (!input.isList(column)) {
      input.requireTexts(column);
    }
  }

  /** Returns whether all texts of a list are weights, or missing. */
  private static String areWeights(String texts) {
    return "len(list_filter(%s, lambda part: part IS NOT NULL AND NOT coalesce(TRY_CAST(part AS DOUBLE) BETWEEN 0 AND 1e30, false))) = 0"
        .formatted(texts);
  }

  private WeightedList with(TableInput input, String column, String holds, String expected) {
    input.mayHave(column, holds, SqlText.identifier(column), expected, Advice.NONE);
    String only = "CASE WHEN " + holds + " THEN %s END";
    return new WeightedList(only.formatted(values), only.formatted(weights));
  }
}

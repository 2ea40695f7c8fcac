package org.llm4msr.runtime.data.buckets;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;

/**
 * The ranges of a bucketed field: the content of {@code vocabulary/FIELD.json}. Range 1 has what is
 * not above the first bound, range 2 what is above it and not above the second, and so on; id 0 is
 * for what is missing or infinite.
 *
 * @param bounds rising; one fewer than there are ranges
 */
public record BucketBounds(List<Double> bounds) {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  public BucketBounds {
    bounds = List.copyOf(bounds);
  }

  /**
   * Reads those of a field.
   *
   * @param file of the field
   * @param ids how many the field has, with 0
   */
  public static BucketBounds read(Path file, int ids) {
    try {
      BucketBounds read = JSON.readValue(SmallFiles.read(file), BucketBounds.class);
      if (read.ids() != ids || !isRising(read.bounds)) {
        throw DataErrors.data(
            "BAD_MANIFEST",
            "%s has %d bounds that do not rise, or do not make the %d ids of dataset.json. Prepare the data again."
                .formatted(file, read.bounds.size(), ids));
      }
      return read;
    } catch (IOException e) {
      throw DataErrors.data(
          "BAD_MANIFEST",
          "%s cannot be read: %s. Prepare the data again.".formatted(file, FileErrors.reason(e)));
    }
  }

  /** Returns whether bounds are finite, and each is above the one before. */
  public static boolean isRising(List<Double> bounds) {
    for (int i = 0; i < bounds.size(); i++) {
      if (!Double.isFinite(bounds.get(i)) || (i > 0 && bounds.get(i) <= bounds.get(i - 1))) {
        return false;
      }
    }
    return true;
  }

  /** Writes the file. */
  public byte[] json() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("bounds that are no JSON", e);
    }
  }

  /** Returns how many ids there are, with 0. */
  public int ids() {
    return bounds.size() + 2;
  }

  /** Returns the id of a number. */
  public int id(double number) {
    if (!Double.isFinite(number)) {
      return 0;
    }
    int low = 0;
    int high = bounds.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (bounds.get(middle) < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low + 1;
  }

  /** Returns a number in the range of an id from 1: its bound, or the least above all bounds. */
  public double number(int id) {
    if (id <= bounds.size()) {
      return bounds.get(id - 1);
    }
    return bounds.isEmpty() ? 0 : Math.nextUp(bounds.get(bounds.size() - 1));
  }

  /** Returns the number in the range of an id from 1 that is nearest to another number. */
  public double nearest(int id, double number) {
    if (id > 1 && number <= bounds.get(id - 2)) {
      return Math.nextUp(bounds.get(id - 2));
    }
    return id <= bounds.size() ? Math.min(number, bounds.get(id - 1)) : number;
  }

  /** Returns the ranges in words by rising id, the first of which is 1. */
  public List<String> ranges() {
    List<String> ranges = new ArrayList<>();
    String low = "";
    for (double bound : bounds) {
      String high = shown(bound);
      ranges.add(low.isEmpty() ? "up to " + high : low + " to " + high);
      low = high;
    }
    ranges.add(low.isEmpty() ? "all" : "over " + low);
    return ranges;
  }

  /** All digits, so that different bounds make different ranges. */
  private static String shown(double bound) {
    String exact = Double.toString(bound);
    return exact.contains("E") ? exact : new BigDecimal(exact).stripTrailingZeros().toPlainString();
  }

  /**
   * Returns the id of a number in SQL; 0 for null.
   *
   * @param number an expression of type DOUBLE
   */
  public String sql(String number) {
    return "(CASE WHEN isfinite(%s) THEN %s ELSE 0 END)::INTEGER"
        .formatted(number, search(number, 0, bounds.size()));
  }

  /** Halves the bounds, so that a row is compared with few of them. */
  private String search(String number, int low, int high) {
    if (low == high) {
      return String.valueOf(low + 1);
    }
    int middle = (low + high) >>> 1;
    // A text has all digits, which a literal of DuckDB has not.
    return "CASE WHEN %s <= CAST('%s' AS DOUBLE) THEN %s ELSE %s END"
        .formatted(
            number,
            bounds.get(middle),
            search(number, low, middle),
            search(number, middle + 1, high));
  }
}

package org.llm4msr.runtime.data.prepared;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;

/**
 * How the vectors of a field are standardised: the content of {@code vocabulary/FIELD.json}.
 *
 * @param mean mean of each number over the training rows that have a vector
 * @param deviation population standard deviation of each over the same rows
 */
public record VectorMoments(List<Double> mean, List<Double> deviation) {

  public VectorMoments {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
  }

  /**
   * Reads those of a field.
   *
   * @param folder of prepared data
   * @param size numbers of a vector
   */
  public static VectorMoments read(Path folder, String field, int size) {
    Path file = folder.resolve(PreparedFolder.learnedFile(field));
    try {
      VectorMoments moments =
          ManifestFile.JSON.readValue(SmallFiles.read(file), VectorMoments.class);
      if (moments.mean.size() != size || moments.deviation.size() != size) {
        throw DataErrors.data(
            "BAD_MANIFEST",
            "%s has %d means and %d deviations; the vectors of the field '%s' have %d numbers. Prepare the data again."
                .formatted(file, moments.mean.size(), moments.deviation.size(), field, size));
      }
      return moments;
    } catch (IOException e) {
      throw DataErrors.data(
          "BAD_MANIFEST",
          "%s cannot be read: %s. Prepare the data again.".formatted(file, FileErrors.reason(e)));
    }
  }

  /** Returns a number of a vector as models see it; 0 where it is missing or constant. */
  public float standardize(int number, double value) {
    return PreparedField.standardize(value, mean.get(number), deviation.get(number));
  }

  /** Returns the shortest number of a vector that models see as {@code value}. */
  public double raw(int number, float value) {
    return PreparedField.raw(value, mean.get(number), deviation.get(number));
  }
}

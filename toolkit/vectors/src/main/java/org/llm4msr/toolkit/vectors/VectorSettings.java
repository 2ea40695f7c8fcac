package org.llm4msr.toolkit.vectors;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Stability;

/**
 * What a configuration says of a file of vectors, and how errors name its settings.
 *
 * @param key name of the column of keys, in safetensors of an int64 array; or null
 * @param vector name of the column of vectors, in safetensors of the matrix; or null
 * @param area what codes of errors begin with, such as {@code data}
 * @param file the setting that names the file, and where its path starts
 * @param columns the settings that name columns
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public record VectorSettings(
    @Nullable String key, @Nullable String vector, String area, String file, String columns) {

  MsrException notFound(String what) {
    return error(ErrorType.USER, "VECTORS_NOT_FOUND", what, null);
  }

  MsrException noFile(Path missing) {
    return notFound("no file %s. Check %s.".formatted(missing, file));
  }

  MsrException unknownFormat(Path other) {
    return error(
        ErrorType.USER,
        "VECTORS_FORMAT",
        "%s has no known format. Known are .parquet, .arrow, .feather, .npy, .safetensors, .csv, .tsv, .csv.gz and .tsv.gz."
            .formatted(other),
        null);
  }

  MsrException notReadable(Path of, String why, @Nullable Exception cause) {
    return error(
        ErrorType.DATA,
        "VECTORS_NOT_READABLE",
        "cannot read vectors: %s. File %s. Check that it is complete, and %s."
            .formatted(why.strip().lines().findFirst().orElse(""), of, columns),
        cause);
  }

  MsrException wrong(Path of, String problem) {
    return error(
        ErrorType.DATA,
        "WRONG_VECTORS",
        "the vectors cannot be used: %s. File %s. Fix the file.".formatted(problem, of),
        null);
  }

  private MsrException error(
      ErrorType type, String code, String message, @Nullable Exception cause) {
    return new MsrException(type, area + "/" + code, message, cause);
  }
}

package org.llm4msr.runtime.tables;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.safetensors.SafetensorsFile;
import org.llm4msr.toolkit.safetensors.StoredArray;
import org.llm4msr.toolkit.safetensors.Tensor;

/** Reads the safetensors files that runs write: finite float32 arrays, read whole. */
public final class Safetensors {

  private Safetensors() {}

  /**
   * Reads a file.
   *
   * @throws MsrException with code {@code model/DAMAGED_FILE} where it is something else
   */
  public static Map<String, Tensor> read(Path file) throws IOException {
    try (SafetensorsFile arrays = SafetensorsFile.open(file, how -> damaged(file, how))) {
      Map<String, Tensor> tensors = new TreeMap<>();
      for (StoredArray array : arrays.arrays().values()) {
        tensors.put(array.name(), tensor(arrays, array, file));
      }
      return tensors;
    }
  }

  private static Tensor tensor(SafetensorsFile arrays, StoredArray array, Path file)
      throws IOException {
    if (!array.type().equals("F32")) {
      throw damaged(file, "'" + array.name() + "' is not of type F32");
    }
    if (array.elements() > Integer.MAX_VALUE) {
      throw damaged(file, "'" + array.name() + "' is too long");
    }
    float[] values = new float[(int) array.elements()];
    arrays.read(array, 0, values.length, FloatBuffer.wrap(values));
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw damaged(file, "'" + array.name() + "' holds the value " + value);
      }
    }
    return new Tensor(array.name(), array.shape(), FloatBuffer.wrap(values));
  }

  private static MsrException damaged(Path file, String how) {
    return new MsrException(
        ErrorType.DATA,
        "model/DAMAGED_FILE",
        file + " is not a complete safetensors file: " + how + ". Write it again.");
  }
}

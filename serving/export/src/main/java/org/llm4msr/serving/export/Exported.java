package org.llm4msr.serving.export;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was exported.
 *
 * @param files their names in the folder
 * @param leftOut why {@code full.onnx} is none of them; null if it is
 */
public record Exported(List<String> files, @Nullable String leftOut) {

  public Exported {
    files = List.copyOf(files);
  }
}

package org.llm4msr.plugins.datasets.input;

import java.nio.file.Path;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.toolkit.vectors.VectorFile;
import org.llm4msr.toolkit.vectors.VectorTable;

/**
 * The keys and vectors of a file, as the columns {@link #KEY} and {@link #VECTOR}. A key with a
 * null in place of a vector is left out.
 *
 * @param scratch a folder for temporaries
 */
public record VectorFileInput(VectorFile file, Path scratch, int threads) implements ArrowInput {

  public static final String KEY = "key";
  public static final String VECTOR = "vector";

  /** Returns how many numbers the first vector has. */
  public int size() {
    return file.size(scratch, threads);
  }

  @Override
  public ArrowReader open(BufferAllocator allocator) {
    return new VectorBatches(
        VectorTable.read(file, VectorTable.Gaps.KEPT, scratch, threads), allocator);
  }
}

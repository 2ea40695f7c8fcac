package org.llm4msr.plugins.datasets.input;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** The rows of a text file in batches. */
abstract class TextBatches extends ArrowReader {

  final Path file;
  final TextBatch batch;
  private final boolean strict;

  /**
   * Makes the batches.
   *
   * @param strict whether a row with a fault ends the reading
   */
  TextBatches(Path file, TextBatch batch, boolean strict, BufferAllocator allocator) {
    super(allocator);
    this.file = file;
    this.strict = strict;
    this.batch = batch;
  }

  /** Adds a row to the batch; returns false after the last one. */
  abstract boolean readRow() throws IOException;

  @Override
  protected final Schema readSchema() {
    return batch.schema();
  }

  @Override
  public final boolean loadNextBatch() throws IOException {
    prepareLoadNextBatch();
    try {
      while (!batch.isFull() && readRow()) {
        if (strict) {
          batch.lastFault().ifPresent(this::end);
        }
      }
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
    batch.moveTo(getVectorSchemaRoot());
    return getVectorSchemaRoot().getRowCount() > 0;
  }

  private void end(String fault) {
    throw new IllegalStateException(TextInput.MALFORMED + file + ", " + fault);
  }

  @Override
  public final long bytesRead() {
    return 0;
  }
}

package org.llm4msr.toolkit.arrow;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.api.Stability;

/** The rows of several Arrow files of the same columns, one file after another. */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ConsecutiveFiles extends ArrowReader {

  private final List<Path> files;
  private int number;
  private ArrowReader current;

  private ConsecutiveFiles(List<Path> files, ArrowReader first, BufferAllocator allocator) {
    super(allocator);
    this.files = List.copyOf(files);
    current = first;
  }

  /**
   * Opens them as {@link ArrowRows} does each; the caller closes the reader.
   *
   * @param files at least one
   * @throws IOException as there; reading throws one where a file has other columns than the first
   */
  public static ArrowReader open(List<Path> files, BufferAllocator allocator) throws IOException {
    ArrowReader first = ArrowRows.open(files.get(0), allocator);
    return files.size() == 1 ? first : new ConsecutiveFiles(files, first, allocator);
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    prepareLoadNextBatch();
    while (!current.loadNextBatch()) {
      if (number + 1 == files.size()) {
        return false;
      }
      next();
    }
    VectorSchemaRoot from = current.getVectorSchemaRoot();
    VectorSchemaRoot to = getVectorSchemaRoot();
    for (int column = 0; column < to.getFieldVectors().size(); column++) {
      FieldVector vector = from.getVector(column);
      vector.makeTransferPair(to.getVector(column)).transfer();
    }
    to.setRowCount(from.getRowCount());
    return true;
  }

  private void next() throws IOException {
    number++;
    current.close();
    current = open(files.get(number), allocator);
    Schema schema = current.getVectorSchemaRoot().getSchema();
    Schema expected = getVectorSchemaRoot().getSchema();
    if (!schema.getFields().equals(expected.getFields())) {
      throw new IOException(
          "%s has the columns %s, but %s has %s"
              .formatted(
                  files.get(number), schema.getFields(), files.get(0), expected.getFields()));
    }
  }

  private static ArrowReader open(Path file, BufferAllocator allocator) throws IOException {
    try {
      return ArrowRows.open(file, allocator);
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public long bytesRead() {
    return current.bytesRead();
  }

  @Override
  protected void closeReadSource() throws IOException {
    current.close();
  }

  @Override
  protected Schema readSchema() throws IOException {
    return current.getVectorSchemaRoot().getSchema();
  }
}

package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import java.util.List;

/** What the readers of columns share. */
public final class Columns {

  private Columns() {}

  /** Returns the record batch of a packed place, see {@link ArrowFile#locate}. */
  public static int block(long pick) {
    return (int) (pick >>> 32);
  }

  /** Returns the row within its record batch of a packed place. */
  public static int row(long pick) {
    return (int) pick;
  }

  /** Returns the value buffers of a column without nulls, after checking that they are whole. */
  static ByteBuffer[] fixedWidth(
      ArrowFile file, String column, List<ArrowFile.Node> nodes, int width) {
    noNulls(file, column, nodes);
    ByteBuffer[] data = new ByteBuffer[nodes.size()];
    for (int b = 0; b < data.length; b++) {
      ArrowFile.Node node = nodes.get(b);
      data[b] = node.buffers().get(1);
      wholeBuffer(file, column, data[b], (long) node.length() * width);
    }
    return data;
  }

  static void noNulls(ArrowFile file, String column, List<ArrowFile.Node> nodes) {
    long nulls = nodes.stream().mapToLong(ArrowFile.Node::nulls).sum();
    if (nulls != 0) {
      throw DataErrors.data(
          "NULLS",
          file.path()
              + ": column '"
              + column
              + "' has "
              + nulls
              + " nulls. Write id 0 or the number 0 for what is missing.");
    }
  }

  static void wholeBuffer(ArrowFile file, String column, ByteBuffer buffer, long bytes) {
    if (buffer.capacity() < bytes) {
      throw DataErrors.data(
          "BAD_ARROW_FILE",
          file.path() + ": column '" + column + "' has a buffer shorter than its rows.");
    }
  }
}

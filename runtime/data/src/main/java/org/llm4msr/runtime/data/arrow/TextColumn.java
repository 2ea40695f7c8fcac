package org.llm4msr.runtime.data.arrow;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** A column of texts (utf8 or large_utf8) as a list that decodes a text on access. */
public final class TextColumn extends AbstractList<String> implements RandomAccess {

  private final ArrowFile file;
  private final String name;
  private final boolean large;
  private final ByteBuffer[] offsets;
  private final ByteBuffer[] data;

  public TextColumn(ArrowFile file, String name) {
    ArrowType type = file.field(name).getType();
    large = type instanceof ArrowType.LargeUtf8;
    if (!large && !(type instanceof ArrowType.Utf8)) {
      throw file.wrongType(name, "utf8");
    }
    this.file = file;
    this.name = name;
    List<ArrowFile.Node> nodes = file.nodes(name);
    Columns.noNulls(file, name, nodes);
    offsets = new ByteBuffer[nodes.size()];
    data = new ByteBuffer[nodes.size()];
    for (int b = 0; b < data.length; b++) {
      offsets[b] = nodes.get(b).buffers().get(1);
      data[b] = nodes.get(b).buffers().get(2);
      long width = large ? Long.BYTES : Integer.BYTES;
      Columns.wholeBuffer(file, name, offsets[b], (nodes.get(b).length() + 1L) * width);
    }
  }

  @Override
  public String get(int row) {
    if (row < 0 || row >= size()) {
      throw new IndexOutOfBoundsException("row " + row + " of " + size());
    }
    long pick = file.locate(row);
    int block = Columns.block(pick);
    long from = offset(block, Columns.row(pick));
    long to = offset(block, Columns.row(pick) + 1);
    if (from < 0 || from > to || to > data[block].capacity()) {
      throw DataErrors.data(
          "BAD_ARROW_FILE", file.path() + ": column '" + name + "' has broken text offsets.");
    }
    byte[] bytes = new byte[(int) (to - from)];
    data[block].get((int) from, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public int size() {
    return Math.toIntExact(file.rows());
  }

  private long offset(int block, int row) {
    return large ? offsets[block].getLong(row << 3) : offsets[block].getInt(row << 2);
  }
}

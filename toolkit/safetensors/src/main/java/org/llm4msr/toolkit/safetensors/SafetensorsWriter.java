package org.llm4msr.toolkit.safetensors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Writes float32 arrays. Unlike DJL's own writer, it is not bound to one byte array of two
 * gigabytes.
 */
public final class SafetensorsWriter {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BLOCK_FLOATS = 1 << 18;

  private SafetensorsWriter() {}

  /**
   * Writes a file, which does not exist, and forces it to the disk.
   *
   * @throws IllegalArgumentException if an array does not have the elements of its shape
   */
  public static void write(Path file, List<? extends PiecewiseTensor> tensors) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    long offset = 0;
    for (PiecewiseTensor tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name());
      entry.put("dtype", NumberType.F32.name());
      tensor.shape().forEach(entry.putArray("shape")::add);
      long end = offset + Math.multiplyExact(elements(tensor), (long) Float.BYTES);
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeHeader(channel, JSON.writeValueAsString(header));
      ByteBuffer block =
          ByteBuffer.allocateDirect(BLOCK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (PiecewiseTensor tensor : tensors) {
        for (FloatBuffer piece : tensor.pieces()) {
          writeValues(channel, piece, block);
        }
      }
      channel.force(true);
    }
  }

  private static void writeHeader(FileChannel channel, String json) throws IOException {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    int padded = (text.length + 7) / 8 * 8;
    ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(padded).put(text);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    writeFully(channel, head.flip());
  }

  private static long elements(PiecewiseTensor tensor) {
    long elements = tensor.pieces().stream().mapToLong(FloatBuffer::limit).sum();
    if (elements != tensor.shape().stream().reduce(1L, Math::multiplyExact)) {
      throw new IllegalArgumentException(
          tensor.name() + " has " + elements + " elements, which is not shape " + tensor.shape());
    }
    return elements;
  }

  private static void writeValues(FileChannel channel, FloatBuffer values, ByteBuffer block)
      throws IOException {
    int count = values.limit();
    for (int from = 0; from < count; from += BLOCK_FLOATS) {
      int n = Math.min(BLOCK_FLOATS, count - from);
      block.clear().limit(n * Float.BYTES);
      block.asFloatBuffer().put(0, values, from, n);
      writeFully(channel, block);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}

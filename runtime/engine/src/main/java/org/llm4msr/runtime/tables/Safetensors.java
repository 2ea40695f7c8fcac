package org.llm4msr.runtime.tables;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;

/**
 * Reads and writes files of named float32 arrays in the safetensors format: eight bytes of header
 * length, a JSON header, the numbers in little-endian order. Unlike DJL's own, not bound to one
 * byte array of two gigabytes.
 */
public final class Safetensors {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BLOCK_FLOATS = 1 << 18;
  private static final long MAX_HEADER = 100_000_000;

  private Safetensors() {}

  /**
   * One array.
   *
   * @param values all elements, row-major, from index 0 to its limit
   */
  public record Tensor(String name, List<Long> shape, FloatBuffer values) {

    public Tensor {
      shape = List.copyOf(shape);
    }

    long elements() {
      return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }
  }

  /** Writes a file and forces it to the disk. */
  public static void write(Path file, List<Tensor> tensors) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    long offset = 0;
    for (Tensor tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name());
      entry.put("dtype", "F32");
      tensor.shape().forEach(entry.putArray("shape")::add);
      long end = offset + tensor.elements() * Float.BYTES;
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeHeader(channel, JSON.writeValueAsString(header));
      ByteBuffer block =
          ByteBuffer.allocateDirect(BLOCK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (Tensor tensor : tensors) {
        writeValues(channel, tensor, block);
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

  private static void writeValues(FileChannel channel, Tensor tensor, ByteBuffer block)
      throws IOException {
    int count = Math.toIntExact(tensor.elements());
    for (int from = 0; from < count; from += BLOCK_FLOATS) {
      int n = Math.min(BLOCK_FLOATS, count - from);
      block.clear().limit(n * Float.BYTES);
      block.asFloatBuffer().put(0, tensor.values(), from, n);
      writeFully(channel, block);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Reads a file whole. */
  public static Map<String, Tensor> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, length, 0, file);
      long headerBytes = length.getLong(0);
      if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER, channel.size() - 8)) {
        throw damaged(file, "its header has an impossible length of " + headerBytes);
      }
      ByteBuffer text = ByteBuffer.allocate((int) headerBytes);
      readFully(channel, text, 8, file);
      JsonNode header = header(text.array(), file);
      Map<String, Tensor> tensors = new TreeMap<>();
      for (Map.Entry<String, JsonNode> entry : header.properties()) {
        if (!entry.getKey().equals("__metadata__")) {
          tensors.put(
              entry.getKey(),
              readTensor(channel, entry.getKey(), entry.getValue(), 8 + headerBytes, file));
        }
      }
      return tensors;
    }
  }

  private static JsonNode header(byte[] text, Path file) throws IOException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException | CharConversionException e) {
      throw damaged(file, "its header is not JSON (" + FileErrors.reason(e) + ")");
    }
  }

  private static Tensor readTensor(
      FileChannel channel, String name, JsonNode entry, long base, Path file) throws IOException {
    if (!entry.path("dtype").asText().equals("F32")) {
      throw damaged(file, "'" + name + "' is not of type F32");
    }
    List<Long> shape = new ArrayList<>();
    entry.path("shape").forEach(n -> shape.add(n.asLong(-1)));
    long from = entry.path("data_offsets").path(0).asLong(-1);
    long to = entry.path("data_offsets").path(1).asLong(-1);
    long available = channel.size() - base;
    boolean inFile = from >= 0 && from <= to && to <= available;
    if (!inFile || !fits(shape, to - from)) {
      throw damaged(file, "the place of '" + name + "' does not fit its shape or the file");
    }
    long bytes = to - from;
    float[] values = new float[Math.toIntExact(bytes / Float.BYTES)];
    ByteBuffer block =
        ByteBuffer.allocate((int) Math.min(bytes, (long) BLOCK_FLOATS * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < values.length; at += BLOCK_FLOATS) {
      int n = Math.min(BLOCK_FLOATS, values.length - at);
      block.clear().limit(n * Float.BYTES);
      readFully(channel, block, base + from + (long) at * Float.BYTES, file);
      block.flip().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values, at, n);
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw damaged(file, "'" + name + "' holds the value " + value);
      }
    }
    return new Tensor(name, shape, FloatBuffer.wrap(values));
  }

  /**
   * Returns whether an array of this shape has this size; the shape comes from a file and may be
   * anything.
   */
  private static boolean fits(List<Long> shape, long bytes) {
    long elements = 1;
    for (long length : shape) {
      if (length < 0 || length > Integer.MAX_VALUE) {
        return false;
      }
      elements = Math.min(elements * length, Integer.MAX_VALUE + 1L);
    }
    return elements <= Integer.MAX_VALUE && elements * Float.BYTES == bytes;
  }

  private static void readFully(FileChannel channel, ByteBuffer target, long position, Path file)
      throws IOException {
    long at = position;
    while (target.hasRemaining()) {
      int n = channel.read(target, at);
      if (n < 0) {
        throw damaged(file, "it ends too early");
      }
      at += n;
    }
  }

  private static MsrException damaged(Path file, String how) {
    return new MsrException(
        ErrorType.DATA,
        "model/DAMAGED_FILE",
        file + " is not a complete safetensors file: " + how + ". Write it again.");
  }
}

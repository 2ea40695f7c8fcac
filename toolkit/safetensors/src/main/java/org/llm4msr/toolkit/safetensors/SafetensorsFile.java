package org.llm4msr.toolkit.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.llm4msr.api.MsrException;

/**
 * An open file of named arrays: eight bytes of header length, a JSON header, the numbers in
 * little-endian order. The header is checked against the file before memory is allocated; numbers
 * are read block by block, so that none is held twice.
 */
public final class SafetensorsFile implements AutoCloseable {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final int MOST_HEADER_BYTES = 100_000_000;
  private static final int BLOCK_BYTES = 1 << 20;

  /** The beginning of the text that Git LFS checks out for a file that it has not fetched. */
  private static final byte[] POINTER = "version ".getBytes(StandardCharsets.US_ASCII);

  private final FileChannel channel;
  private final Function<String, MsrException> damaged;
  private final Map<String, StoredArray> arrays = new TreeMap<>();

  private SafetensorsFile(FileChannel channel, Function<String, MsrException> damaged) {
    this.channel = channel;
    this.damaged = damaged;
  }

  /**
   * Opens a file and reads its header.
   *
   * @param damaged makes the error that is thrown for a file that breaks the format, from what is
   *     wrong
   */
  public static SafetensorsFile open(Path path, Function<String, MsrException> damaged)
      throws IOException {
    SafetensorsFile file =
        new SafetensorsFile(FileChannel.open(path, StandardOpenOption.READ), damaged);
    try {
      file.readHeader();
      return file;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Returns the arrays by name. */
  public Map<String, StoredArray> arrays() {
    return Collections.unmodifiableMap(arrays);
  }

  private void readHeader() throws IOException {
    byte[] length = bytes(0, 8, "it ends before its header");
    if (Arrays.equals(length, POINTER)) {
      throw damaged.apply("Git LFS left a pointer in its place; `git lfs pull` brings the file");
    }
    long headerBytes = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (headerBytes < 2 || headerBytes > Math.min(MOST_HEADER_BYTES, channel.size() - 8)) {
      throw damaged.apply("its header has an impossible length of " + headerBytes);
    }
    byte[] text = bytes(8, (int) headerBytes, "it ends before its data");
    for (Map.Entry<String, JsonNode> entry : header(text).properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        arrays.put(entry.getKey(), array(entry.getKey(), entry.getValue(), 8 + headerBytes));
      }
    }
  }

  private JsonNode header(byte[] text) throws IOException {
    String reason = "it is a list or a value";
    try {
      JsonNode header = JSON.readTree(text);
      if (header.isObject()) {
        return header;
      }
    } catch (JsonProcessingException e) {
      reason = e.getOriginalMessage(); // The message shows bytes of the file.
    } catch (CharConversionException e) {
      reason = e.getMessage();
    }
    throw damaged.apply("its header is not a JSON object (" + reason + ")");
  }

  private StoredArray array(String name, JsonNode entry, long base) throws IOException {
    JsonNode type = entry.path("dtype");
    List<Long> shape = numbers(name, entry.path("shape"));
    List<Long> ends = numbers(name, entry.path("data_offsets"));
    if (!type.isTextual() || ends.size() != 2) {
      throw malformed(name);
    }
    long from = ends.get(0);
    long to = ends.get(1);
    boolean inFile = from >= 0 && from <= to && to <= channel.size() - base;
    StoredArray array = new StoredArray(name, type.textValue(), shape, base + from);
    if (!inFile || shape.stream().anyMatch(n -> n < 0) || !fits(array, to - from)) {
      throw damaged.apply("the place of '" + name + "' does not fit its shape or the file");
    }
    return array;
  }

  private boolean fits(StoredArray array, long bytes) {
    int each = array.elementBytes();
    try {
      return each == 0 || Math.multiplyExact(array.elements(), (long) each) == bytes;
    } catch (ArithmeticException e) {
      throw malformed(array.name());
    }
  }

  private List<Long> numbers(String name, JsonNode list) {
    List<Long> numbers = new ArrayList<>();
    for (JsonNode number : list) {
      if (!number.isIntegralNumber() || !number.canConvertToLong()) {
        throw malformed(name);
      }
      numbers.add(number.longValue());
    }
    if (!list.isArray()) {
      throw malformed(name);
    }
    return numbers;
  }

  private MsrException malformed(String name) {
    return damaged.apply("the entry of '" + name + "' is malformed");
  }

  /**
   * Appends elements of an array, as float32, to a buffer.
   *
   * @param array one of this file, of a readable type
   * @param first index of the first element
   */
  public void read(StoredArray array, long first, long count, FloatBuffer target)
      throws IOException {
    NumberType type = NumberType.valueOf(array.type());
    long at = array.offset() + first * type.bytes();
    forEachBlock(at, at + count * type.bytes(), block -> type.read(block, target));
  }

  /**
   * Returns all elements of an array of whole numbers.
   *
   * @param array one of this file, of type I64
   */
  public long[] longs(StoredArray array) throws IOException {
    LongBuffer numbers = LongBuffer.allocate(Math.toIntExact(array.elements()));
    long end = array.offset() + (long) numbers.capacity() * Long.BYTES;
    forEachBlock(array.offset(), end, block -> numbers.put(block.asLongBuffer()));
    return numbers.array();
  }

  private void forEachBlock(long from, long to, Consumer<ByteBuffer> use) throws IOException {
    ByteBuffer block =
        ByteBuffer.allocate((int) Math.min(BLOCK_BYTES, to - from)).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = from; at < to; at += block.limit()) {
      block.clear().limit((int) Math.min(block.capacity(), to - at));
      fill(block, at, "it ends too early");
      use.accept(block.flip());
    }
  }

  private byte[] bytes(long position, int count, String ends) throws IOException {
    byte[] bytes = new byte[count];
    fill(ByteBuffer.wrap(bytes), position, ends);
    return bytes;
  }

  private void fill(ByteBuffer target, long position, String ends) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, position + target.position()) < 0) {
        throw damaged.apply(ends);
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

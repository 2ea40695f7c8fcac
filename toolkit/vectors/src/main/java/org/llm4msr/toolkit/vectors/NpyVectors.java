package org.llm4msr.toolkit.vectors;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.memory.util.Float16;

/**
 * A matrix (n, K) saved by NumPy, and {@code NAME.keys.txt} beside it with one key per line.
 *
 * @see <a href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">the
 *     format</a>
 */
final class NpyVectors extends VectorFile {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LONGEST_HEADER = 1 << 16;
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE =
      Pattern.compile("'shape'\\s*:\\s*\\(\\s*(\\d{1,10})\\s*,\\s*(\\d{1,6})\\s*,?\\s*\\)");

  private final Path keys;

  NpyVectors(Path file, VectorSettings settings) {
    super(file, settings);
    keys = KeyFile.of(file);
    if (!Files.isRegularFile(keys)) {
      throw settings.notFound(
          "no file %s, which names the rows of %s. Write it with one key per line, in the order of the rows."
              .formatted(keys, file));
    }
  }

  private record Header(int elementBytes, long rows, int columns) {}

  @Override
  public List<Path> parts() {
    return List.of(file, keys);
  }

  @Override
  void readRows(Path scratch, int threads, Rows rows) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Header header = header(channel);
      long expected = header.rows() * header.columns() * header.elementBytes();
      if (channel.size() - channel.position() != expected) {
        throw wrong(
            "its header says %,d bytes of numbers, but there are %,d"
                .formatted(expected, channel.size() - channel.position()));
      }
      try (KeyFile names = new KeyFile(this, keys, header.rows())) {
        read(channel, header, names, rows);
      }
    }
  }

  private static void read(FileChannel channel, Header header, KeyFile names, Rows rows)
      throws IOException {
    ByteBuffer row =
        ByteBuffer.allocate(header.columns() * header.elementBytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (long i = 0; i < header.rows(); i++) {
      String name = names.next(i);
      fill(channel, row.clear());
      if (!rows.add(name, numbers(row.flip(), header))) {
        return;
      }
    }
    names.requireEnd();
  }

  private static float[] numbers(ByteBuffer row, Header header) {
    float[] numbers = new float[header.columns()];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] =
          switch (header.elementBytes()) {
            case Short.BYTES -> Float16.toFloat(row.getShort());
            case Float.BYTES -> row.getFloat();
            default -> (float) row.getDouble();
          };
    }
    return numbers;
  }

  private Header header(FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(MAGIC.length + 2).order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, start);
    if (!Arrays.equals(Arrays.copyOf(start.array(), MAGIC.length), MAGIC)) {
      throw wrong("it does not start like a .npy file");
    }
    int version = start.get(MAGIC.length);
    ByteBuffer length =
        ByteBuffer.allocate(version == 1 ? Short.BYTES : Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, length);
    int bytes = version == 1 ? length.getShort(0) & 0xffff : length.getInt(0);
    if (version < 1 || version > 3 || bytes < 0 || bytes > LONGEST_HEADER) {
      throw wrong("its header is of version %d and has %d bytes".formatted(version, bytes));
    }
    ByteBuffer text = ByteBuffer.allocate(bytes);
    fill(channel, text);
    return header(new String(text.array(), ISO_8859_1).strip());
  }

  private Header header(String text) {
    Matcher type = TYPE.matcher(text);
    Matcher order = ORDER.matcher(text);
    Matcher shape = SHAPE.matcher(text);
    if (!type.find() || !order.find() || !shape.find()) {
      throw wrong("it is not a matrix: its header is " + text);
    }
    if (!type.group(1).matches("<f[248]") || order.group(1).equals("True")) {
      throw wrong(
          "its numbers are not rows of little-endian float16, float32 or float64 (save numpy.ascontiguousarray(x, dtype='<f4')): its header is "
              + text);
    }
    return new Header(
        type.group(1).charAt(2) - '0',
        Long.parseLong(shape.group(1)),
        Integer.parseInt(shape.group(2)));
  }

  private static void fill(FileChannel channel, ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target) < 0) {
        throw new EOFException("it ends early");
      }
    }
  }
}

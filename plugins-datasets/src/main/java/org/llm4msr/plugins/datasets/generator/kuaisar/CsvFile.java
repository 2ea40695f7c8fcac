package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A comma-separated file that appears under its name only once it is complete. Fields are written
 * straight into a byte buffer: a log has tens of them per row and millions of rows.
 */
final class CsvFile implements AutoCloseable {

  private static final int LONGEST_NUMBER = 24;

  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
  private final byte[] digits = new byte[LONGEST_NUMBER];
  private boolean rowBegun;

  CsvFile(Path target, String header) throws IOException {
    this.target = target;
    partial = target.resolveSibling(target.getFileName() + ".part");
    channel =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    raw(header).endRow();
  }

  /** Appends an integer. */
  CsvFile field(long value) throws IOException {
    separate();
    number(value);
    return this;
  }

  /** Appends a text, in quotes if the format needs them. */
  CsvFile field(String value) throws IOException {
    separate();
    boolean quote = value.indexOf(',') >= 0 || value.indexOf('"') >= 0;
    return raw(quote ? '"' + value.replace("\"", "\"\"") + '"' : value);
  }

  /** Appends an integer in the form of the publisher's float columns: {@code 12.0}. */
  CsvFile floating(long value) throws IOException {
    field(value);
    return raw(".0");
  }

  /** Appends {@code value / 10^decimals}, which is not negative. */
  CsvFile scaled(long value, int decimals) throws IOException {
    separate();
    long unit = 1;
    for (int i = 0; i < decimals; i++) {
      unit *= 10;
    }
    number(value / unit);
    room(decimals + 1);
    buffer.put((byte) '.');
    for (long rest = value % unit, place = unit / 10; place > 0; place /= 10) {
      buffer.put((byte) ('0' + rest / place % 10));
    }
    return this;
  }

  /** Appends a list as the publisher writes it: {@code "[20, 34, 3]"}. */
  CsvFile list(int[] values) throws IOException {
    separate();
    raw("\"[");
    for (int i = 0; i < values.length; i++) {
      if (i > 0) {
        raw(", ");
      }
      number(values[i]);
    }
    return raw("]\"");
  }

  /** Ends the row. */
  void endRow() throws IOException {
    room(1);
    buffer.put((byte) '\n');
    rowBegun = false;
  }

  /** Writes the rest and gives the file its name. */
  void finish() throws IOException {
    flush();
    channel.force(true);
    channel.close();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Leaves nothing behind unless {@link #finish} was called. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(partial);
  }

  private void separate() throws IOException {
    if (rowBegun) {
      room(1);
      buffer.put((byte) ',');
    }
    rowBegun = true;
  }

  private void number(long value) throws IOException {
    room(LONGEST_NUMBER);
    if (value < 0) {
      buffer.put((byte) '-');
    }
    int length = 0;
    long rest = value;
    do {
      digits[length++] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    while (length > 0) {
      buffer.put(digits[--length]);
    }
  }

  private CsvFile raw(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    room(bytes.length);
    buffer.put(bytes);
    return this;
  }

  private void room(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
  }

  private void flush() throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }
}

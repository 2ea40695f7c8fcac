package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowFooter;
import org.llm4msr.runtime.files.DurableFiles;

/**
 * Records which batches of an unfinished segment are complete, so that they outlive the process
 * that wrote them: one line per batch, with its place and the checksum of its bytes. Lines are
 * written after their batches, but the checksum decides, because a machine that stops may lose any
 * writes.
 */
final class SegmentJournal implements AutoCloseable {

  private static final String END = ".journal" + DurableFiles.UNFINISHED;
  private static final int BUFFER_BYTES = 1 << 20;

  private final FileChannel channel;

  private SegmentJournal(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * A part of the segment: its schema, or a batch.
   *
   * @param offset of the part
   * @param metadata bytes of the batch's metadata, 0 of the schema
   * @param body bytes of the batch's body, 0 of the schema
   * @param end of the part
   * @param checksum CRC-32C of its bytes
   */
  private record Part(long offset, int metadata, long body, long end, long checksum) {

    static Part of(String line) {
      String[] numbers = line.split(" ");
      return new Part(
          Long.parseLong(numbers[0]),
          Integer.parseInt(numbers[1]),
          Long.parseLong(numbers[2]),
          Long.parseLong(numbers[3]),
          Long.parseLong(numbers[4]));
    }

    String line() {
      return "%s %s %s %s %s\n".formatted(offset, metadata, body, end, checksum);
    }
  }

  /** Begins the journal of a segment. */
  static SegmentJournal create(Path segment) throws IOException {
    return new SegmentJournal(FileChannel.open(file(segment), CREATE, WRITE, TRUNCATE_EXISTING));
  }

  /** Records that the schema is written. */
  void schema(long end, long checksum) throws IOException {
    add(new Part(0, 0, 0, end, checksum));
  }

  /** Records that a batch is written. */
  void batch(ArrowBlock block, long end, long checksum) throws IOException {
    add(
        new Part(
            block.getOffset(), block.getMetadataLength(), block.getBodyLength(), end, checksum));
  }

  private void add(Part part) throws IOException {
    ByteBuffer line = ByteBuffer.wrap(part.line().getBytes(US_ASCII));
    while (line.hasRemaining()) {
      channel.write(line);
    }
  }

  /** Forces the lines to the disk. */
  void force() throws IOException {
    channel.force(false);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  static void delete(Path segment) throws IOException {
    Files.deleteIfExists(file(segment));
  }

  private static Path file(Path segment) {
    return segment.resolveSibling(segment.getFileName() + END);
  }

  /**
   * Makes a segment from what a process had written of it, if anything.
   *
   * @param info of the store to which the segment belongs
   */
  static void finish(Path segment, StoreInfo info) throws IOException {
    if (!Files.exists(file(segment))) {
      return;
    }
    try (FileChannel channel = FileChannel.open(DurableFiles.unfinished(segment), READ, WRITE)) {
      List<Part> whole = whole(channel, parts(segment));
      if (whole.size() < 2) {
        return;
      }
      long end = whole.get(whole.size() - 1).end();
      channel.truncate(end).position(end);
      List<ArrowBlock> blocks =
          whole.stream()
              .skip(1)
              .map(part -> new ArrowBlock(part.offset(), part.metadata(), part.body()))
              .toList();
      writeFooter(
          new WriteChannel(channel), new ArrowFooter(StoreSchema.of(info), List.of(), blocks));
      channel.force(true);
    }
    DurableFiles.publish(segment);
    delete(segment);
  }

  /** Reads the lines; the last may have been cut off. */
  private static List<Part> parts(Path segment) throws IOException {
    String text = Files.readString(file(segment), ISO_8859_1);
    List<Part> parts = new ArrayList<>();
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
      if (!line.matches("\\d{1,18} \\d{1,9} \\d{1,18} \\d{1,18} \\d{1,10}")) {
        break;
      }
      parts.add(Part.of(line));
    }
    return parts;
  }

  /** Returns the parts before the first that is not as it was written. */
  private static List<Part> whole(FileChannel channel, List<Part> parts) throws IOException {
    List<Part> whole = new ArrayList<>();
    long end = 0;
    for (Part part : parts) {
      if (part.end() < end
          || part.end() > channel.size()
          || checksum(channel, end, part.end()) != part.checksum()) {
        break;
      }
      whole.add(part);
      end = part.end();
    }
    return whole;
  }

  private static long checksum(FileChannel channel, long from, long to) throws IOException {
    CRC32C checksum = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    for (long at = from; at < to; at += buffer.limit()) {
      buffer.clear().limit((int) Math.min(BUFFER_BYTES, to - at));
      while (buffer.hasRemaining() && channel.read(buffer, at + buffer.position()) >= 0) {
        // Keeps reading; a file that has become shorter has another checksum.
      }
      checksum.update(buffer.flip());
    }
    return checksum.getValue();
  }

  /** Writes the end of the file as Arrow's own writer does. */
  private static void writeFooter(WriteChannel out, ArrowFooter footer) throws IOException {
    out.writeIntLittleEndian(-1);
    out.writeIntLittleEndian(0);
    long start = out.getCurrentPosition();
    out.write(footer, false);
    out.writeIntLittleEndian((int) (out.getCurrentPosition() - start));
    out.write("ARROW1".getBytes(US_ASCII));
  }

  /** A channel that computes the checksum of the bytes written since it was last asked for. */
  static final class Checked implements WritableByteChannel {
    private final WritableByteChannel target;
    private final CRC32C checksum = new CRC32C();

    Checked(WritableByteChannel target) {
      this.target = target;
    }

    long checksum() {
      long value = checksum.getValue();
      checksum.reset();
      return value;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      ByteBuffer sent = source.duplicate();
      int written = target.write(source);
      checksum.update(sent.limit(source.position()));
      return written;
    }

    @Override
    public boolean isOpen() {
      return target.isOpen();
    }

    @Override
    public void close() throws IOException {
      target.close();
    }
  }
}

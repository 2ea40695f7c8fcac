package org.llm4msr.server.log;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.server.ranking.RankAnswer;

/** An Arrow file that is being written. It gets its name once it is complete. */
final class LogPart implements AutoCloseable {

  private static final int ROWS_OF_A_BATCH = 4096;

  private final Path file;
  private final Path unfinished;
  private final LongSupplier ticker;
  private final long begin;
  private final BufferAllocator allocator;
  private final VectorSchemaRoot root;
  private final FileChannel channel;
  private final ArrowFileWriter writer;
  private final LogRows rows;
  private long requests;
  private long written;

  /**
   * Begins a part.
   *
   * @param file that must not exist
   * @param labels names of the further labels of the model
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  LogPart(Path file, RowValues values, List<String> labels, LongSupplier ticker)
      throws IOException {
    this.ticker = ticker;
    begin = ticker.getAsLong();
    this.file = file;
    unfinished = LogFolder.unfinished(file);
    Schema columns = LogColumns.schema(values.columns(), labels);
    allocator = new RootAllocator();
    root = VectorSchemaRoot.create(columns, allocator);
    rows = new LogRows(values, root);
    try {
      channel =
          FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      root.close();
      allocator.close();
      throw e;
    }
    writer = new ArrowFileWriter(root, null, channel);
    root.allocateNew();
  }

  /** Writes a request. */
  void add(RankAnswer answer, long time) throws IOException {
    rows.add(answer, time);
    requests++;
    if (root.getRowCount() >= ROWS_OF_A_BATCH) {
      writeBatch();
    }
  }

  private void writeBatch() throws IOException {
    writer.writeBatch();
    written += root.getRowCount();
    root.clear();
    root.allocateNew();
  }

  /** Returns how many requests it has. */
  long requests() {
    return requests;
  }

  /** Returns how many rows it has. */
  long rows() {
    return written + root.getRowCount();
  }

  /** Returns for how long it has been written, in nanoseconds. */
  long age() {
    return ticker.getAsLong() - begin;
  }

  /** Returns the name under which it is written. */
  Path unfinished() {
    return unfinished;
  }

  /** Completes the file and gives it its name. It is then closed. */
  void finish() throws IOException {
    if (root.getRowCount() > 0) {
      writeBatch();
    }
    writer.end();
    channel.force(true);
    release();
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      DurableFiles.forceFolder(folder);
    }
  }

  /** Deletes what is not complete, to free its space. */
  @Override
  public void close() throws IOException {
    try {
      release();
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private void release() throws IOException {
    try (allocator;
        root;
        channel) {
      // Closing the writer would write a footer into an incomplete file.
    }
  }
}

package org.llm4msr.runtime.evaluation;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Sorts any number of longs in bounded memory: values that do not fit are written to disk in sorted
 * runs, which are merged on reading.
 */
final class LongSorter implements Closeable {

  private static final int FIRST_CAPACITY = 1 << 14;
  private static final int MERGE_BUFFER_BYTES = 1 << 20;
  private static final int WRITE_BUFFER_BYTES = 1 << 20;

  private final @Nullable Path folder;
  private final int capacity;
  private final List<Path> runs = new ArrayList<>();
  private long[] values;
  private int size;

  /**
   * Makes an empty sorter.
   *
   * @param folder an existing folder for runs, or null for that of temporary files
   * @param capacity longs that are held in memory
   */
  LongSorter(@Nullable Path folder, int capacity) {
    this.folder = folder;
    this.capacity = capacity;
    values = new long[Math.min(FIRST_CAPACITY, capacity)];
  }

  void add(long value) throws IOException {
    if (size == values.length) {
      if (size < capacity) {
        values = Arrays.copyOf(values, (int) Math.min(2L * size, capacity));
      } else {
        spill();
      }
    }
    values[size++] = value;
  }

  /** Visits all values in rising order. More may be added afterwards. */
  void forEachSorted(LongConsumer visitor) throws IOException {
    Arrays.sort(values, 0, size);
    if (runs.isEmpty()) {
      for (int i = 0; i < size; i++) {
        visitor.accept(values[i]);
      }
      return;
    }
    List<Run> open = new ArrayList<>();
    try {
      PriorityQueue<Run> queue = new PriorityQueue<>();
      open.add(new MemoryRun(values, size));
      for (Path path : runs) {
        open.add(new FileRun(path));
      }
      for (Run run : open) {
        if (run.advance()) {
          queue.add(run);
        }
      }
      merge(queue, visitor);
    } finally {
      for (Run run : open) {
        run.close();
      }
    }
  }

  /** Reads from one run as long as it has the least value: runs interleave in stretches. */
  private static void merge(PriorityQueue<Run> queue, LongConsumer visitor) throws IOException {
    while (true) {
      Run least = queue.poll();
      if (least == null) {
        return;
      }
      Run next = queue.peek();
      boolean more = true;
      while (more && (next == null || least.head <= next.head)) {
        visitor.accept(least.head);
        more = least.advance();
      }
      if (more) {
        queue.add(least);
      }
    }
  }

  private void spill() throws IOException {
    Arrays.sort(values, 0, size);
    Path path =
        folder == null
            ? Files.createTempFile("llm4msr-sort", ".run")
            : Files.createTempFile(folder, "sort", ".run");
    runs.add(path);
    ByteBuffer bytes = ByteBuffer.allocateDirect(WRITE_BUFFER_BYTES);
    LongBuffer longs = bytes.asLongBuffer();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (int from = 0; from < size; from += longs.capacity()) {
        int count = Math.min(longs.capacity(), size - from);
        longs.clear().put(values, from, count);
        bytes.clear().limit(count * Long.BYTES);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    }
    size = 0;
  }

  @Override
  public void close() throws IOException {
    for (Path run : runs) {
      Files.deleteIfExists(run);
    }
  }

  /** Sorted values and the one that comes next. */
  private abstract static class Run implements Comparable<Run>, Closeable {
    long head;

    /** Moves to the next value; returns false if there is none. */
    abstract boolean advance() throws IOException;

    @Override
    public int compareTo(Run other) {
      return Long.compare(head, other.head);
    }

    @Override
    public void close() throws IOException {}
  }

  private static final class MemoryRun extends Run {
    private final long[] values;
    private final int size;
    private int next;

    MemoryRun(long[] values, int size) {
      this.values = values;
      this.size = size;
    }

    @Override
    boolean advance() {
      if (next == size) {
        return false;
      }
      head = values[next++];
      return true;
    }
  }

  private static final class FileRun extends Run {
    private final FileChannel channel;
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(MERGE_BUFFER_BYTES).limit(0);

    FileRun(Path path) throws IOException {
      channel = FileChannel.open(path, StandardOpenOption.READ);
    }

    @Override
    boolean advance() throws IOException {
      if (bytes.remaining() < Long.BYTES && !fill()) {
        return false;
      }
      head = bytes.getLong();
      return true;
    }

    private boolean fill() throws IOException {
      bytes.compact();
      while (bytes.position() < Long.BYTES) {
        if (channel.read(bytes) < 0) {
          bytes.flip();
          return false;
        }
      }
      bytes.flip();
      return true;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}

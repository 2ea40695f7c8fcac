package org.llm4msr.runtime.tables;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;

/**
 * The rows of the tables that the batches of several workers touch, each with the sum of its
 * gradients in the order of the ranks. A worker gives the number and the merged gradient of each
 * row that its own batch touches: 4 + 4 D bytes. Of tables that are partitioned, it gets the rows
 * that are its own, from {@link TableParts}.
 */
final class SharedRows {

  private final List<List<Place>> tables;
  private final Exchange exchange;
  private final @Nullable TableParts parts;
  private final List<Integer> copied;
  private final List<Integer> partitioned;
  private final FieldIndex[] shared;
  private ByteBuffer message = ByteBuffer.allocate(0);
  private int[] ids = new int[0];
  private float[] rows = new float[0];

  /**
   * Makes what exchanges rows.
   *
   * @param parts null where no table is partitioned
   */
  SharedRows(List<List<Place>> tables, Exchange exchange, @Nullable TableParts parts) {
    this.tables = tables;
    this.exchange = exchange;
    this.parts = parts;
    copied = numbers(tables, table -> table.partition() == null);
    partitioned = numbers(tables, table -> table.partition() != null);
    shared = new FieldIndex[tables.size()];
    Arrays.setAll(shared, t -> new FieldIndex());
  }

  private static List<Integer> numbers(List<List<Place>> tables, Predicate<EmbeddingTable> kind) {
    return IntStream.range(0, tables.size())
        .filter(t -> kind.test(tables.get(t).get(0).table()))
        .boxed()
        .toList();
  }

  /**
   * Exchanges the rows.
   *
   * @param own the rows that this worker's batch touches, by table
   * @param gradient from which they are collected
   * @param everyRow whether positions by rising id are asked for
   * @return those of all workers, valid until the next call
   */
  FieldIndex[] of(FieldIndex[] own, float[] gradient, boolean everyRow) {
    if (!copied.isEmpty()) {
      List<ByteBuffer> all = exchange.gather(write(own, gradient));
      copied.forEach(t -> read(all, t));
    }
    if (parts != null) {
      List<FieldIndex> sums = parts.give(partitioned.stream().map(t -> own[t]).toList(), gradient);
      for (int i = 0; i < sums.size(); i++) {
        shared[partitioned.get(i)] = sums.get(i);
      }
    }
    if (everyRow) {
      Arrays.stream(shared).forEach(FieldIndex::sort);
    }
    return shared;
  }

  private int dimension(int table) {
    return tables.get(table).get(0).dimension();
  }

  private ByteBuffer write(FieldIndex[] own, float[] gradient) {
    long bytes = 0;
    for (int t : copied) {
      bytes += Integer.BYTES + own[t].distinct() * (long) Integer.BYTES * (1 + dimension(t));
    }
    if (message.capacity() < bytes) {
      message = ByteBuffer.allocate(Math.toIntExact(bytes + bytes / 4));
    }
    ByteBuffer to = message.slice(0, (int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int t : copied) {
      FieldIndex index = own[t];
      int count = index.distinct();
      int dimension = dimension(t);
      makeRoom(count, dimension);
      to.putInt(count);
      for (int k = 0; k < count; k++) {
        to.putInt(index.id(k));
        index.merge(k, gradient, dimension, rows, k * dimension);
      }
      to.asFloatBuffer().put(rows, 0, count * dimension);
      to.position(to.position() + count * dimension * Float.BYTES);
    }
    return to.flip();
  }

  private void read(List<ByteBuffer> all, int table) {
    int dimension = dimension(table);
    int most = tables.get(table).get(0).table().rows();
    int count = 0;
    for (ByteBuffer from : all) {
      int more = from.getInt();
      makeRoom(count + more, dimension);
      for (int k = 0; k < more; k++) {
        ids[count + k] = from.getInt();
        if (ids[count + k] < 0 || ids[count + k] >= most) {
          throw otherTables(tables.get(table).get(0).table(), ids[count + k]);
        }
      }
      from.asFloatBuffer().get(rows, count * dimension, more * dimension);
      from.position(from.position() + more * dimension * Float.BYTES);
      count += more;
    }
    shared[table].buildSums(ids, count, rows, dimension);
  }

  /** Refuses a row that a worker cannot ask this one for. */
  static MsrException otherTables(EmbeddingTable table, int row) {
    return new MsrException(
        ErrorType.DATA,
        "training/OTHER_TABLES",
        "Another worker has a row %d of the embeddings of %s, which this one has not. All must read the same prepared data."
            .formatted(row, table.name()));
  }

  /** Makes room for some rows; those that are there stay. */
  private void makeRoom(int count, int dimension) {
    if (ids.length < count) {
      ids = Arrays.copyOf(ids, count + count / 4);
    }
    int size = Math.multiplyExact(count, dimension);
    if (rows.length < size) {
      rows = Arrays.copyOf(rows, size + size / 4);
    }
  }
}

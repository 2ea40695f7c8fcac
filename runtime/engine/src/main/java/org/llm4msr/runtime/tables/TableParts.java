package org.llm4msr.runtime.tables;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.function.ObjIntConsumer;
import java.util.function.ToLongFunction;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.tables.EmbeddingTables.Place;

/**
 * The tables that are partitioned among workers. Before a step, each worker asks the owners for the
 * rows that its batch reads, 4 bytes a row, and gets 4 D; after it, it sends them 4 D bytes of
 * gradient for each. An owner adds gradients up in the order of the ranks, as {@link SharedRows}
 * does, so that the bits are those of tables that all have.
 *
 * <p>What the first worker does alone, such as to evaluate, needs rows too: the others {@link
 * #serve} until it is done.
 */
public final class TableParts {

  private static final int VECTORS = 0;
  private static final int DONE = -1;
  private static final int[] NONE = {};

  private final Exchange exchange;
  private final int workers;
  private final List<OneTable> tables = new ArrayList<>();
  private final List<ByteBuffer> messages = new ArrayList<>();

  /**
   * Makes what exchanges rows.
   *
   * @param partitioned what reads each table
   */
  TableParts(List<List<Place>> partitioned, Exchange exchange) {
    this.exchange = exchange;
    workers = exchange.workers();
    for (List<Place> places : partitioned) {
      EmbeddingTable table = places.get(0).table();
      Partition partition = table.partition();
      if (partition == null
          || partition.workers() != workers
          || partition.rank() != exchange.rank()) {
        throw new IllegalArgumentException(table.name() + " is partitioned in another way");
      }
      tables.add(new OneTable(places, table, partition));
      table.readFrom(this);
    }
    for (int r = 0; r < workers; r++) {
      messages.add(ByteBuffer.allocate(0));
    }
  }

  /** A table, which of its rows this worker wants, and which of its own others want. */
  private final class OneTable {
    private final List<Place> places;
    private final EmbeddingTable table;
    private final Partition partition;
    private final FieldIndex found = new FieldIndex();
    private final FieldIndex sums = new FieldIndex();

    /** By place: the numbers of its ids, which the values of a batch read in their place. */
    private final int[][] numbers;

    /** Positions of wanted rows, owner by owner, and where each owner's begin. */
    private int[] positions = new int[0];

    private int[] wanted = new int[0];
    private final int[] starts = new int[workers + 1];

    /** Local numbers of rows that others want, by rank. */
    private final int[][] asked = new int[workers][0];

    private final int[] askedCount = new int[workers];
    private final float[] row;
    private int[] ids = new int[0];
    private float[] gradients = new float[0];

    OneTable(List<Place> places, EmbeddingTable table, Partition partition) {
      this.places = places;
      this.table = table;
      this.partition = partition;
      numbers = new int[places.size()][0];
      row = new float[table.dimension()];
    }

    int dimension() {
      return table.dimension();
    }

    /** Wants some rows, by position; sorts them by owner, in the order of the positions. */
    void want(int[] ids, int count) {
      wanted = ids;
      if (positions.length < count) {
        positions = new int[count + count / 4];
      }
      Arrays.fill(starts, 0);
      for (int i = 0; i < count; i++) {
        starts[partition.owner(ids[i]) + 1]++;
      }
      for (int r = 0; r < workers; r++) {
        starts[r + 1] += starts[r];
      }
      int[] next = starts.clone();
      for (int i = 0; i < count; i++) {
        positions[next[partition.owner(ids[i])]++] = i;
      }
      table.makeRoom(count);
    }

    int wantedOf(int owner) {
      return starts[owner + 1] - starts[owner];
    }

    void writeWanted(int owner, ByteBuffer to) {
      to.putInt(wantedOf(owner));
      for (int i = starts[owner]; i < starts[owner + 1]; i++) {
        to.putInt(wanted[positions[i]]);
      }
    }

    void readAsked(int rank, ByteBuffer from) {
      int count = from.getInt();
      if (asked[rank].length < count) {
        asked[rank] = new int[count + count / 4];
      }
      askedCount[rank] = count;
      for (int i = 0; i < count; i++) {
        int row = from.getInt();
        if (row < 0 || row >= table.rows() || partition.owner(row) != partition.rank()) {
          throw SharedRows.otherTables(table, row);
        }
        asked[rank][i] = partition.local(row);
      }
    }

    void writeRows(int rank, int slot, ByteBuffer to) {
      EmbeddingTable own = table.stored();
      FloatBuffer target = to.asFloatBuffer();
      for (int i = 0; i < askedCount[rank]; i++) {
        int row = asked[rank][i];
        target.put(own.chunk(row), own.offset(row) + slot * dimension(), dimension());
      }
      to.position(to.position() + target.position() * Float.BYTES);
    }

    void readRows(int owner, ByteBuffer from) {
      FloatBuffer source = from.asFloatBuffer();
      for (int i = starts[owner]; i < starts[owner + 1]; i++) {
        source.get(table.chunk(positions[i]), table.offset(positions[i]), dimension());
      }
      from.position(from.position() + source.position() * Float.BYTES);
    }

    /** Wants the rows that a batch reads. */
    void wantOf(int batch, List<FieldValues> fields) {
      found.find(places, fields, batch);
      want(found.ids(), found.distinct());
    }

    /** Replaces the ids of what reads the table by their numbers in the batch. */
    void replace(int batch, List<FieldValues> fields, List<FieldValues> replaced) {
      int from = 0;
      for (int p = 0; p < places.size(); p++) {
        int field = places.get(p).field();
        FieldValues values = fields.get(field);
        int count = FieldIndex.count(values, batch);
        if (numbers[p].length < count) {
          numbers[p] = new int[count + count / 4];
        }
        found.numbers(from, count, numbers[p]);
        from += count;
        // First-order weights number the ids of a field as its vectors do.
        replaced.set(
            field,
            values instanceof FieldValues.IdLists lists
                ? lists.with(numbers[p])
                : new FieldValues.Ids(numbers[p]));
      }
    }

    void writeGradients(int owner, FieldIndex touched, float[] gradient, ByteBuffer to) {
      FloatBuffer target = to.asFloatBuffer();
      for (int i = starts[owner]; i < starts[owner + 1]; i++) {
        touched.merge(positions[i], gradient, dimension(), row, 0);
        target.put(row, 0, dimension());
      }
      to.position(to.position() + target.position() * Float.BYTES);
    }

    /** Adds up what all found, in the order of the ranks. */
    FieldIndex sum(List<ByteBuffer> all) {
      int count = Arrays.stream(askedCount).sum();
      if (ids.length < count) {
        ids = new int[count + count / 4];
        gradients = new float[Math.multiplyExact(ids.length, dimension())];
      }
      int at = 0;
      for (int r = 0; r < workers; r++) {
        System.arraycopy(asked[r], 0, ids, at, askedCount[r]);
        ByteBuffer from = all.get(r);
        int size = askedCount[r] * dimension();
        from.asFloatBuffer().get(gradients, at * dimension(), size);
        from.position(from.position() + size * Float.BYTES);
        at += askedCount[r];
      }
      sums.buildSums(ids, count, gradients, dimension());
      return sums;
    }
  }

  /** Reads the rows that a batch needs, as {@link EmbeddingTables#fetch} says. */
  List<FieldValues> fetch(int batch, List<FieldValues> fields) {
    tables.forEach(table -> table.wantOf(batch, fields));
    require(trade(VECTORS));
    List<FieldValues> replaced = new ArrayList<>(fields);
    tables.forEach(table -> table.replace(batch, fields, replaced));
    return replaced;
  }

  /** Reads consecutive rows of a table, as {@link EmbeddingTable#read}. */
  void read(EmbeddingTable table, int slot, int from, int to, float[] target) {
    int[] wanted = new int[to - from];
    Arrays.setAll(wanted, i -> from + i);
    for (OneTable one : tables) {
      one.want(wanted, one.table == table ? wanted.length : 0);
    }
    require(trade(slot));
    for (int i = 0, at = 0; i < wanted.length; i++, at += table.dimension()) {
      System.arraycopy(table.chunk(i), table.offset(i), target, at, table.dimension());
    }
  }

  private static void require(boolean goesOn) {
    if (!goesOn) {
      throw new IllegalStateException("a worker serves no longer");
    }
  }

  /** Gives the first worker the rows that it reads, until it is {@link #done}. */
  public void serve() {
    tables.forEach(table -> table.want(NONE, 0));
    boolean more = true;
    while (more) {
      more = trade(VECTORS);
    }
  }

  /** Tells the workers that serve the first, which calls this, that it needs no more rows. */
  public void done() {
    tables.forEach(table -> table.want(NONE, 0));
    trade(DONE);
  }

  /**
   * Asks the owners for the rows that are wanted, and gives others theirs.
   *
   * @param slot what the first worker wants of rows: vectors, or a part of the optimiser's state;
   *     of the others it does not count
   * @return whether the first worker goes on
   */
  private boolean trade(int slot) {
    List<ByteBuffer> wishes =
        swap(
            owner -> Integer.BYTES + bytes(table -> 1L + table.wantedOf(owner)),
            (to, owner) -> {
              to.putInt(slot);
              tables.forEach(table -> table.writeWanted(owner, to));
            });
    int ofFirst = 0;
    for (int r = workers - 1; r >= 0; r--) {
      ByteBuffer from = wishes.get(r);
      ofFirst = from.getInt();
      for (OneTable table : tables) {
        table.readAsked(r, from);
      }
    }
    if (ofFirst == DONE) {
      return false;
    }
    int kept = ofFirst;
    List<ByteBuffer> given =
        swap(
            rank -> bytes(table -> (long) table.askedCount[rank] * table.dimension()),
            (to, rank) -> tables.forEach(table -> table.writeRows(rank, kept, to)));
    for (int r = 0; r < workers; r++) {
      for (OneTable table : tables) {
        table.readRows(r, given.get(r));
      }
    }
    return true;
  }

  /**
   * Sends the gradients of the rows that the last batch read to their owners.
   *
   * @param touched the rows of each partitioned table, by their numbers in the batch
   * @param gradient from which they are collected
   * @return of each table, the rows of this worker with the sums of their gradients
   */
  List<FieldIndex> give(List<FieldIndex> touched, float[] gradient) {
    List<ByteBuffer> all =
        swap(
            owner -> bytes(table -> (long) table.wantedOf(owner) * table.dimension()),
            (to, owner) -> {
              for (int t = 0; t < tables.size(); t++) {
                tables.get(t).writeGradients(owner, touched.get(t), gradient, to);
              }
            });
    return tables.stream().map(table -> table.sum(all)).toList();
  }

  /** Returns the bytes of so many numbers of each table. */
  private long bytes(ToLongFunction<OneTable> numbers) {
    return Integer.BYTES * tables.stream().mapToLong(numbers).sum();
  }

  private List<ByteBuffer> swap(IntToLongFunction bytes, ObjIntConsumer<ByteBuffer> write) {
    List<ByteBuffer> toEach = new ArrayList<>(workers);
    for (int r = 0; r < workers; r++) {
      int size = Math.toIntExact(bytes.applyAsLong(r));
      if (messages.get(r).capacity() < size) {
        messages.set(r, ByteBuffer.allocate(size + size / 4));
      }
      ByteBuffer message = messages.get(r).slice(0, size).order(ByteOrder.LITTLE_ENDIAN);
      write.accept(message, r);
      toEach.add(message.flip());
    }
    return exchange.swap(toEach);
  }
}

package org.llm4msr.runtime.data.order;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.Columns;
import org.llm4msr.runtime.data.arrow.IdColumn;

/**
 * Shuffled training rows. Blocks of rows are shuffled; then every {@code window} rows of that
 * sequence are shuffled among themselves, or cut into chunks of one user's rows, which are
 * shuffled. A window depends on seed, epoch and its number alone, so that resuming does not draw
 * what came before.
 */
public final class ShuffledOrder implements RowOrder {

  /** Larger record batches are cut: otherwise a file with a single one would not be shuffled. */
  private static final int BLOCK_ROWS = 65_536;

  private final TrainingOrder order;
  private final IdColumn user;
  private final long rows;
  private final long[] blocks;
  private final long[] blockStarts;
  private final long[] window;
  private int windowSize;
  private long windowNumber = -1;
  private long position;

  /** Shuffles the rows of a file, whose users a column tells. */
  public ShuffledOrder(ArrowFile file, IdColumn user, TrainingOrder order) {
    this.order = order;
    this.user = user;
    this.rows = file.rows();
    this.blocks = shuffledBlocks(file);
    this.blockStarts = starts(file, blocks);
    this.window = new long[(int) Math.min(order.window(), rows)];
    this.position = Math.min(Math.multiplyExact(order.skipBatches(), order.batchSize()), rows);
  }

  private long[] shuffledBlocks(ArrowFile file) {
    long[] result = new long[count(file)];
    int next = 0;
    for (int block = 0; block < file.blocks(); block++) {
      for (int row = 0; row < file.rows(block); row += BLOCK_ROWS) {
        result[next++] = (long) block << 32 | row;
      }
    }
    shuffle(result, result.length, random(-1));
    return result;
  }

  private static int count(ArrowFile file) {
    int count = 0;
    for (int block = 0; block < file.blocks(); block++) {
      count += (file.rows(block) - 1) / BLOCK_ROWS + 1;
    }
    return count;
  }

  private static long[] starts(ArrowFile file, long[] blocks) {
    long[] starts = new long[blocks.length + 1];
    for (int i = 0; i < blocks.length; i++) {
      int left = file.rows(Columns.block(blocks[i])) - Columns.row(blocks[i]);
      starts[i + 1] = starts[i] + Math.min(left, BLOCK_ROWS);
    }
    return starts;
  }

  @Override
  public int next(long[] picks) {
    int count = 0;
    while (count < picks.length && position < rows) {
      long number = position / window.length;
      if (number != windowNumber) {
        open(number);
      }
      int from = (int) (position % window.length);
      int length = Math.min(picks.length - count, windowSize - from);
      System.arraycopy(window, from, picks, count, length);
      // Rising places within a batch: its rows have no order, and memory is read forward.
      count += length;
      position += length;
    }
    Arrays.sort(picks, 0, count);
    return count;
  }

  private void open(long number) {
    windowNumber = number;
    long first = number * window.length;
    windowSize = (int) Math.min(window.length, rows - first);
    int found = Arrays.binarySearch(blockStarts, 0, blocks.length, first);
    int block = found >= 0 ? found : -found - 2;
    int filled = 0;
    while (filled < windowSize) {
      long skipped = first + filled - blockStarts[block];
      int length =
          (int)
              Math.min(blockStarts[block + 1] - blockStarts[block] - skipped, windowSize - filled);
      for (int i = 0; i < length; i++) {
        window[filled + i] = blocks[block] + skipped + i;
      }
      filled += length;
      block++;
    }
    SplittableRandom random = random(number);
    shuffle(window, windowSize, random);
    if (order.userRows() > 1) {
      keepTogether(random);
    }
  }

  /** Puts chunks of shuffled rows of one user in random order. */
  private void keepTogether(SplittableRandom random) {
    int[] users = new int[windowSize];
    user.gather(window, windowSize, users);
    long[] byUser = new long[windowSize];
    Arrays.setAll(byUser, i -> (long) users[i] << 32 | i);
    Arrays.sort(byUser);
    long[] chunks = new long[windowSize];
    int count = 0;
    for (int from = 0, to; from < windowSize; from = to) {
      to = from + 1;
      while (to < windowSize
          && to - from < order.userRows()
          && byUser[to] >>> 32 == byUser[from] >>> 32) {
        to++;
      }
      chunks[count++] = (long) from << 32 | to;
    }
    shuffle(chunks, count, random);
    long[] shuffled = Arrays.copyOf(window, windowSize);
    int next = 0;
    for (int chunk = 0; chunk < count; chunk++) {
      for (int i = (int) (chunks[chunk] >>> 32); i < (int) chunks[chunk]; i++) {
        window[next++] = shuffled[(int) byUser[i]];
      }
    }
  }

  /** A generator of its own for each purpose; finalisers of MurmurHash3 decorrelate the seeds. */
  private SplittableRandom random(long purpose) {
    return new SplittableRandom(mix(mix(mix(order.seed()) + order.epoch()) + purpose));
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
    z = (z ^ (z >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return z ^ (z >>> 33);
  }

  private static void shuffle(long[] values, int count, SplittableRandom random) {
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      long value = values[i];
      values[i] = values[other];
      values[other] = value;
    }
  }
}

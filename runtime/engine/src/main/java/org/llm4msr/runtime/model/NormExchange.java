package org.llm4msr.runtime.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.kernels.GradientSums;
import org.llm4msr.runtime.kernels.Moments;

/**
 * Joins what a normalisation knows of its own rows with what other workers know of theirs, in the
 * order of the ranks. Both calls send (N - 1) times 16 bytes for each group and column.
 */
final class NormExchange {

  private final Exchange exchange;
  private final int groups;
  private final int columns;

  NormExchange(Exchange exchange, int groups, int columns) {
    this.exchange = exchange;
    this.groups = groups;
    this.columns = columns;
  }

  /**
   * Returns the moments of each group over all rows.
   *
   * @param own by group, null where this worker has no rows
   */
  Moments[] moments(@Nullable Moments[] own) {
    List<ByteBuffer> all =
        gather(
            1 + 2 * columns,
            to -> {
              for (Moments moments : own) {
                (moments == null ? new Moments(columns) : moments).write(to);
              }
            });
    Moments[] joined = new Moments[groups];
    for (int g = 0; g < groups; g++) {
      joined[g] = new Moments(columns);
      for (ByteBuffer from : all) {
        joined[g].join(Moments.read(from, columns));
      }
    }
    return joined;
  }

  /** Returns the sums of each group over all rows; {@code own} as in {@link #moments}. */
  GradientSums[] sums(@Nullable GradientSums[] own) {
    List<ByteBuffer> all =
        gather(
            2 * columns,
            to -> {
              for (GradientSums sums : own) {
                (sums == null ? new GradientSums(columns) : sums).write(to);
              }
            });
    GradientSums[] joined = new GradientSums[groups];
    for (int g = 0; g < groups; g++) {
      joined[g] = new GradientSums(columns);
      for (ByteBuffer from : all) {
        joined[g].addFrom(from);
      }
    }
    return joined;
  }

  private List<ByteBuffer> gather(int numbers, Consumer<ByteBuffer> write) {
    int bytes = Math.multiplyExact(groups, numbers * Double.BYTES);
    ByteBuffer message = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    write.accept(message);
    List<ByteBuffer> all = exchange.gather(message.flip());
    if (all.stream().anyMatch(each -> each.remaining() != bytes)) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "training/WORKERS_DISAGREE",
          "Workers normalise different columns in the same step. A part of the model does more or less for some rows than for others; train it in one process.");
    }
    return all;
  }
}

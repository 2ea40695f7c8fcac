package org.llm4msr.runtime.batch;

import java.nio.ByteBuffer;
import java.util.List;
import org.llm4msr.api.ErrorType;

/**
 * How the workers of one training exchange numbers. All of them make the same calls in the same
 * order, each from one thread at a time, and all get the same bits.
 */
public interface Exchange extends AutoCloseable {

  /** Returns the number of this worker, from 0. */
  int rank();

  /** Returns N, how many workers there are. */
  int workers();

  /**
   * Puts the sums over all workers in place of the first {@code count} values. The order in which
   * they are added depends on N and {@code count} alone.
   */
  void sum(float[] values, int count);

  /**
   * Returns what each worker gives, in the order of the ranks, little-endian.
   *
   * @param own from its position to its limit
   */
  List<ByteBuffer> gather(ByteBuffer own);

  /**
   * Sends each worker something of its own.
   *
   * @param toEach by rank, each from its position to its limit
   * @return what each sent to this worker, in the order of the ranks, little-endian; valid until
   *     the next call
   */
  List<ByteBuffer> swap(List<ByteBuffer> toEach);

  /**
   * Tells the other workers that this one goes no further: what they wait for throws {@code
   * training/WORKER_FAILED}. Nothing else may be called afterwards.
   *
   * @param type of the error
   * @param text why
   */
  void fail(ErrorType type, String text);

  /** Returns how many bytes this worker has sent. */
  long sent();

  @Override
  void close();
}

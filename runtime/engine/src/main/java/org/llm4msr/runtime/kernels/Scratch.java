package org.llm4msr.runtime.kernels;

/**
 * Memory of a thread for what its kernels do, one after the other. Memory that is new for each
 * chunk of rows would never be in the cache.
 */
final class Scratch {

  private static final ThreadLocal<Scratch> OF_THREAD =
      ThreadLocal.withInitial(() -> new Scratch(0));

  final float[] values;
  final float[] others;
  final int[] bits;
  final int[] otherBits;
  final float[] sums;
  final float[] otherSums;
  final float[] factors;

  private Scratch(int size) {
    values = new float[size];
    others = new float[size];
    bits = new int[size];
    otherBits = new int[size];
    sums = new float[size];
    otherSums = new float[size];
    factors = new float[size];
  }

  /** Returns the calling thread's, whose arrays have at least so many numbers of anything. */
  static Scratch of(int size) {
    Scratch scratch = OF_THREAD.get();
    if (scratch.values.length < size) {
      scratch = new Scratch(size);
      OF_THREAD.set(scratch);
    }
    return scratch;
  }
}

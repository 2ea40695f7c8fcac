package org.llm4msr.runtime.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Direct buffers that begin at a multiple of {@value #BYTES} bytes, as the engine's own arrays do.
 * Its kernels sum in another order if memory begins elsewhere, and where malloc puts a buffer is
 * chance: without alignment, two equal runs sometimes differ in their last bits.
 */
public final class AlignedMemory {

  private static final int BYTES = 64;

  private AlignedMemory() {}

  /** Makes a buffer of zeros, in the order of the machine. */
  public static ByteBuffer allocate(int bytes) {
    ByteBuffer memory = ByteBuffer.allocateDirect(Math.addExact(bytes, BYTES));
    int start = Math.floorMod(-memory.alignmentOffset(0, BYTES), BYTES);
    return memory.slice(start, bytes).order(ByteOrder.nativeOrder());
  }

  /** Makes a buffer for so many floats. */
  public static ByteBuffer floats(long count) {
    return allocate(Math.toIntExact(count * Float.BYTES));
  }
}

package org.llm4msr.plugins.datasets.input;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Searches bytes, eight at a time. */
final class ByteSearch {

  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHEST_BITS = 0x8080808080808080L;

  private ByteSearch() {}

  /** Returns the place of the first line feed, {@code to} if there is none. */
  static int lineFeed(byte[] bytes, int from, int to) {
    int at = from;
    while (at + Long.BYTES <= to && !hasBelow(1, eight(bytes, at) ^ '\n' * ONES)) {
      at += Long.BYTES;
    }
    while (at < to && bytes[at] != '\n') {
      at++;
    }
    return at;
  }

  /** Returns the place of the first line feed or return, {@code to} if there is none. */
  static int lineEnd(byte[] bytes, int from, int to) {
    int at = from;
    while (at + Long.BYTES <= to && !hasBelow('\r' + 1, eight(bytes, at))) {
      at += Long.BYTES;
    }
    while (at < to && bytes[at] != '\n' && bytes[at] != '\r') {
      at++;
    }
    return at;
  }

  static boolean isAscii(byte[] bytes, int from, int to) {
    int at = from;
    while (at + Long.BYTES <= to && (eight(bytes, at) & HIGHEST_BITS) == 0) {
      at += Long.BYTES;
    }
    while (at < to && bytes[at] >= 0) {
      at++;
    }
    return at == to;
  }

  private static long eight(byte[] bytes, int at) {
    return (long) EIGHT.get(bytes, at);
  }

  /** Returns whether one of eight bytes is below a limit of at most 128. */
  private static boolean hasBelow(int limit, long eight) {
    return ((eight - limit * ONES) & ~eight & HIGHEST_BITS) != 0;
  }
}

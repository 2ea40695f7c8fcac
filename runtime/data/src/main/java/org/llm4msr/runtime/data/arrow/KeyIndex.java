package org.llm4msr.runtime.data.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * Numbers keys from 0 in the order in which they are added. An open-addressing table over one array
 * of UTF-8 bytes: about 40 bytes a key, where a {@code HashMap} takes over a hundred. Safe for
 * several threads once nothing is added any more.
 */
public final class KeyIndex {

  private static final int FREE = -1;

  private byte[] bytes = new byte[1024];
  private int[] ends = new int[64];
  private int[] slots = emptySlots(128);
  private int size;

  /** Returns how many keys there are. */
  public int size() {
    return size;
  }

  /** Returns the key's number, or -1 where it was not added. */
  public int find(String key) {
    return slots[slot(key.getBytes(UTF_8))];
  }

  /** Adds a key unless it is there, and returns its number. */
  public int add(String key) {
    byte[] added = key.getBytes(UTF_8);
    int slot = slot(added);
    if (slots[slot] != FREE) {
      return slots[slot];
    }
    append(added);
    slots[slot] = size - 1;
    if (size * 2 > slots.length) {
      grow();
    }
    return size - 1;
  }

  /** Returns the key with a number. */
  public String key(int number) {
    return new String(bytes, start(number), ends[number] - start(number), UTF_8);
  }

  private void append(byte[] added) {
    int start = start(size);
    int end = Math.addExact(start, added.length);
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8L, end * 2L));
    }
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size * 2);
    }
    System.arraycopy(added, 0, bytes, start, added.length);
    ends[size++] = end;
  }

  private void grow() {
    slots = emptySlots(slots.length * 2);
    for (int number = 0; number < size; number++) {
      int hash = hash(bytes, start(number), ends[number]);
      int slot = hash & (slots.length - 1);
      while (slots[slot] != FREE) {
        slot = (slot + 1) & (slots.length - 1);
      }
      slots[slot] = number;
    }
  }

  /** Where the key is, or the free place where it belongs. */
  private int slot(byte[] key) {
    int slot = hash(key, 0, key.length) & (slots.length - 1);
    while (slots[slot] != FREE && !holds(slots[slot], key)) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private boolean holds(int number, byte[] key) {
    return Arrays.equals(bytes, start(number), ends[number], key, 0, key.length);
  }

  private int start(int number) {
    return number == 0 ? 0 : ends[number - 1];
  }

  /** FNV-1a, mixed, because keys are often consecutive numbers. */
  private static int hash(byte[] bytes, int from, int to) {
    int hash = 0x811C9DC5;
    for (int i = from; i < to; i++) {
      hash = (hash ^ bytes[i]) * 0x01000193;
    }
    hash ^= hash >>> 15;
    hash *= 0x2C1B3C6D;
    return hash ^ (hash >>> 13);
  }

  private static int[] emptySlots(int length) {
    int[] slots = new int[length];
    Arrays.fill(slots, FREE);
    return slots;
  }
}

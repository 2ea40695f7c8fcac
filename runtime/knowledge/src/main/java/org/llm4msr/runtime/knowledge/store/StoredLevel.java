package org.llm4msr.runtime.knowledge.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.arrow.KeyIndex;
import org.llm4msr.runtime.files.DurableFiles;

/**
 * All rows of one level, numbered from 0. If several segments have a key, the last counts. Vectors
 * stay in the files; about 60 bytes per key are held in memory. Safe for several threads.
 */
public final class StoredLevel implements KnowledgeSource {

  private final int dimension;
  private final KeyIndex keys = new KeyIndex();
  private final List<VectorBlock> blocks = new ArrayList<>();
  private final List<SegmentReader.Rows> batches = new ArrayList<>();
  private int[] block = new int[64];
  private int[] row = new int[64];
  private int[] tokens = new int[64];
  private int[] dropped = new int[64];

  /** The first eight bytes of each prompt hash: enough to distinguish two prompts of one key. */
  private long[] hashes = new long[64];

  private long rows;

  private StoredLevel(int dimension) {
    this.dimension = dimension;
  }

  /** Opens the segments of a level. */
  static StoredLevel open(Path folder, Level level, StoreInfo info, BufferAllocator allocator)
      throws IOException {
    StoredLevel opened = new StoredLevel(info.encoder().dimension());
    for (Path segment : segments(folder, level)) {
      SegmentReader.forEachBatch(segment, info, allocator, opened::add);
    }
    return opened;
  }

  /** Returns the finished segments of a level in the order in which they were written. */
  public static List<Path> segments(Path folder, Level level) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches(prefix(level) + "\\d{5,}\\.arrow"))
          .sorted()
          .toList();
    }
  }

  /** Returns the names of the segments that a process began but did not finish. */
  static List<Path> unfinished(Path folder, Level level) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      String end = "\\d{5,}\\.arrow" + Pattern.quote(DurableFiles.UNFINISHED);
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches(prefix(level) + end))
          .map(name -> name.substring(0, name.length() - DurableFiles.UNFINISHED.length()))
          .map(folder::resolve)
          .sorted()
          .toList();
    }
  }

  /** Returns the first part of the names of a level's segments. */
  static String prefix(Level level) {
    return switch (level) {
      case USER -> "users-";
      case SCENARIO -> "scenarios-";
      case ITEM -> "items-";
    };
  }

  /** Returns the name of a level's segment. */
  static String name(Level level, int number) {
    return String.format(Locale.ROOT, "%s%05d.arrow", prefix(level), number);
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public boolean read(String key, float[] target) {
    int number = keys.find(key);
    if (number < 0) {
      return false;
    }
    read(number, target);
    return true;
  }

  /** Returns how many keys there are. */
  public int size() {
    return keys.size();
  }

  /** Returns a key's number, or -1. */
  public int find(String key) {
    return keys.find(key);
  }

  public String key(int number) {
    return keys.key(number);
  }

  public void read(int number, float[] target) {
    blocks.get(block[number]).read(row[number], target);
  }

  /** Returns what the model generated, or null. */
  public @Nullable String text(int number) {
    return batches.get(block[number]).text(row[number]);
  }

  public int tokens(int number) {
    return tokens[number];
  }

  public int droppedHistory(int number) {
    return dropped[number];
  }

  /** Returns SHA-256 of the prompt, (32). */
  public byte[] promptHash(int number) {
    return batches.get(block[number]).promptHash(row[number]);
  }

  /** Returns whether this key's vector was made from this prompt. */
  public boolean holds(String key, byte[] promptHash) {
    int number = keys.find(key);
    return number >= 0 && hashes[number] == ByteBuffer.wrap(promptHash).getLong();
  }

  /** Returns the number of rows in all segments, including replaced ones. */
  long rows() {
    return rows;
  }

  /** Returns whether a row is the one that counts; blocks are in the order of the segments. */
  boolean isLatest(int number, int blockOfRow, int rowOfBlock) {
    return block[number] == blockOfRow && row[number] == rowOfBlock;
  }

  private void add(SegmentReader.Rows batch, VectorBlock vectors) {
    blocks.add(vectors);
    batches.add(batch);
    rows += batch.count();
    for (int i = 0; i < batch.count(); i++) {
      int number = keys.add(batch.key(i));
      ensureCapacity(number + 1);
      block[number] = blocks.size() - 1;
      row[number] = i;
      tokens[number] = batch.tokens(i);
      dropped[number] = batch.droppedHistory(i);
      hashes[number] = ByteBuffer.wrap(batch.promptHash(i)).getLong();
    }
  }

  private void ensureCapacity(int size) {
    if (size > block.length) {
      int length = block.length * 2;
      block = Arrays.copyOf(block, length);
      row = Arrays.copyOf(row, length);
      tokens = Arrays.copyOf(tokens, length);
      dropped = Arrays.copyOf(dropped, length);
      hashes = Arrays.copyOf(hashes, length);
    }
  }
}

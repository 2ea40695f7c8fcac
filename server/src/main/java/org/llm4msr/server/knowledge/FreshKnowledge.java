package org.llm4msr.server.knowledge;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;
import org.llm4msr.server.config.FreshKnowledgeConfig;
import org.llm4msr.server.refusal.KnowledgeRefusals;
import org.llm4msr.server.refusal.Refusals;

/**
 * The vectors of users, items and scenarios that a server was given, for all its models. Readers
 * never wait; changes are made one at a time. With a folder, what was taken is on the disk before
 * it counts.
 */
public final class FreshKnowledge implements FreshVectors, AutoCloseable {

  /** Of an entry of the map, its key, the time and the array beside its numbers. */
  private static final int OVERHEAD = 200;

  private final Map<Level, Map<String, FreshVector>> levels = new EnumMap<>(Level.class);
  private final long most;
  private final @Nullable KnowledgeFolder folder;
  private volatile long bytes;
  private boolean closed;

  private FreshKnowledge(long most, @Nullable KnowledgeFolder folder) {
    this.most = most;
    this.folder = folder;
    for (Level level : Level.values()) {
      levels.put(level, new ConcurrentHashMap<>());
    }
  }

  /**
   * Opens it, with what its folder keeps.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/KNOWLEDGE_FOLDER} if the folder cannot be
   *     read or another server has it; {@code serve/KNOWLEDGE_FULL} if it holds more than is
   *     allowed
   */
  public static FreshKnowledge open(FreshKnowledgeConfig config) {
    KnowledgeFolder folder = config.folder() == null ? null : KnowledgeFolder.open(config.folder());
    FreshKnowledge opened = new FreshKnowledge(config.bytes(), folder);
    try {
      if (folder != null) {
        folder.read(opened::keep);
      }
      return opened;
    } catch (RuntimeException | Error e) {
      opened.close();
      throw e;
    }
  }

  private Map<String, FreshVector> level(Level level) {
    return levels.getOrDefault(level, Map.of());
  }

  /** Returns the vector of a key; null if there is none. */
  public @Nullable FreshVector find(Level level, String key) {
    return level(level).get(key);
  }

  @Override
  public boolean has(Level level) {
    return !level(level).isEmpty();
  }

  @Override
  public float @Nullable [] of(Level level, String key) {
    FreshVector found = find(level, key);
    return found == null ? null : found.vector();
  }

  /** Returns how many vectors of a level there are. */
  public int count(Level level) {
    return level(level).size();
  }

  /** Returns how many bytes all take on the heap, about; never waits for the disk. */
  public long bytes() {
    return bytes;
  }

  /**
   * Takes a vector in place of what there was. It counts from the next request on.
   *
   * @param vector not to be changed any more
   * @throws org.llm4msr.api.MsrException {@code serve/KNOWLEDGE_FULL} without room for it, {@code
   *     serve/KNOWLEDGE_NOT_WRITTEN} if the disk refuses it, {@code serve/NOT_READY} after {@link
   *     #close}; nothing is changed then
   */
  public synchronized FreshVector put(Level level, String key, float[] vector) {
    if (closed) {
      throw Refusals.notReady(); // Another server may have the folder.
    }
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    FreshVector fresh = new FreshVector(level, key, now, vector);
    requireRoom(fresh);
    if (folder != null) {
      folder.write(fresh);
    }
    keep(fresh);
    return fresh;
  }

  private void requireRoom(FreshVector fresh) {
    long after = bytes + bytes(fresh) - bytes(find(fresh.level(), fresh.key()));
    if (after > most) {
      throw KnowledgeRefusals.full(after, most);
    }
  }

  private synchronized void keep(FreshVector fresh) {
    requireRoom(fresh);
    FreshVector before = level(fresh.level()).put(fresh.key(), fresh);
    bytes += bytes(fresh) - bytes(before);
  }

  private static long bytes(@Nullable FreshVector fresh) {
    return fresh == null
        ? 0
        : OVERHEAD
            + (long) fresh.key().length() * Character.BYTES
            + (long) fresh.vector().length * Float.BYTES;
  }

  /**
   * Forgets a vector, so that the bundle's counts again.
   *
   * @return whether there was one
   * @throws org.llm4msr.api.MsrException {@code serve/KNOWLEDGE_NOT_WRITTEN} if the disk refuses
   *     it; nothing is changed then
   */
  public synchronized boolean remove(Level level, String key) {
    FreshVector before = find(level, key);
    if (before == null) {
      return false;
    }
    if (folder != null) {
      folder.delete(level, key);
    }
    level(level).remove(key);
    bytes -= bytes(before);
    return true;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (folder != null) {
      folder.close();
    }
  }
}

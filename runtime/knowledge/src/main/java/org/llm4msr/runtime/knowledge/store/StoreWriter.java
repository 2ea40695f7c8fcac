package org.llm4msr.runtime.knowledge.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.arrow.KeyIndex;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.plugins.PluginStamp;

/**
 * Fills a store. A killed process loses what came after the last {@link #keep}; a machine that
 * stops loses what came after {@link #forceWhenDue} last forced data to the disk. The store counts
 * as complete after {@link #finish}. Used by one thread.
 */
public final class StoreWriter implements AutoCloseable {

  /** More segments than this are merged at the end, unless they are large. */
  private static final int MANY_SEGMENTS = 16;

  /** Bytes after which the next segment begins. */
  private static final long LARGE_SEGMENT = 1L << 30;

  /** Name of the file that the process that fills a store holds. */
  public static final String LOCK = "store.lock";

  private final Path folder;
  private final StoreInfo info;
  private final Duration forceEvery;
  private final FolderLock lock;
  private final BufferAllocator allocator = new RootAllocator();
  private final Map<Level, Filling> levels = new EnumMap<>(Level.class);
  private final Set<Level> filled;
  private final Optional<StoreInfo> previous;
  private final MessageDigest content = Checksums.sha256();
  private final MessageDigest itemContent = Checksums.sha256();
  private long forcedAt = System.nanoTime();

  /** One level while it is filled. */
  private static final class Filling {
    @Nullable StoredLevel before;
    final int sizeBefore;
    final KeyIndex wanted = new KeyIndex();
    final Set<String> refused = new TreeSet<>();
    @Nullable SegmentWriter segment;
    boolean hasNew;

    Filling(StoredLevel before) {
      this.before = before;
      sizeBefore = before.size();
    }

    boolean isAsBefore() {
      return !hasNew && size() == sizeBefore;
    }

    int size() {
      return wanted.size() - refused.size();
    }

    boolean keeps(String key) {
      return wanted.find(key) >= 0 && !refused.contains(key);
    }
  }

  private StoreWriter(
      Path folder,
      StoreInfo info,
      Set<Level> filled,
      Optional<StoreInfo> previous,
      Duration forceEvery,
      FolderLock lock)
      throws IOException {
    this.folder = folder;
    this.info = info;
    this.filled = filled;
    this.previous = previous;
    this.forceEvery = forceEvery;
    this.lock = lock;
    Hashes.update(content, info.identity());
    Hashes.update(itemContent, info.identity());
    for (Level level : Level.values()) {
      levels.put(level, new Filling(StoredLevel.open(folder, level, info, allocator)));
    }
  }

  /**
   * Opens a folder for filling and declares it incomplete.
   *
   * @param filled the levels to fill, users and scenarios at least; the vectors of others are kept
   * @param rebuild whether to discard the existing store
   * @throws MsrException of type USER if the existing store was made in another way and {@code
   *     rebuild} is false, or if another process fills it
   */
  public static StoreWriter open(
      Path folder, StoreInfo info, Set<Level> filled, boolean rebuild, Duration forceEvery)
      throws IOException {
    Files.createDirectories(folder);
    FolderLock lock = lock(folder);
    try {
      if (rebuild) {
        // The manifest first: segments without one are rubbish, but a manifest without its segments
        // would be wrong.
        KnowledgeStore.deleteInfo(folder);
      }
      requireSame(folder, info);
      if (KnowledgeStore.exists(folder)) {
        finishUnfinished(folder, info);
      } else {
        for (Level level : Level.values()) {
          deleteAll(StoredLevel.segments(folder, level));
        }
      }
      deleteUnfinished(folder);
      Optional<StoreInfo> previous = KnowledgeStore.stated(folder);
      StoreInfo ours = info.madeBy(previous.map(StoreInfo::plugins).orElse(info.plugins()));
      StoreInfo begun =
          filled.contains(Level.ITEM)
              ? ours
              : previous
                  .map(
                      there ->
                          ours.without(null, there.itemsWithout())
                              .withItems(
                                  there.template().equals(info.template())
                                      ? there.itemSource()
                                      : "",
                                  there.itemContent()))
                  .orElse(ours);
      KnowledgeStore.writeInfo(folder, begun);
      return new StoreWriter(folder, begun, filled, previous, forceEvery, lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** Returns what a level had when filling began. */
  public StoredLevel before(Level level) {
    StoredLevel before = filling(level).before;
    if (before == null) {
      throw new IllegalStateException("the store is finished");
    }
    return before;
  }

  /**
   * Declares that a key belongs in the store, whose vector is there or will be appended.
   *
   * @throws MsrException of type PLUGIN if the key was declared before
   */
  public void declare(Level level, String key, byte[] promptHash) {
    Filling filling = filling(level);
    int known = filling.wanted.size();
    if (filling.wanted.add(key) < known) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "knowledge/DUPLICATE_KEY",
          "two prompts have the same key. Level %s, key %s. Each scenario and user has one prompt; report it to the prompt builder's author."
              .formatted(level, key));
    }
    digest(level, level + " " + key).update(promptHash);
    filling.hasNew |= !before(level).holds(key, promptHash);
  }

  /** Takes a declaration back, since the encoder refuses the prompt. */
  public void refuse(Level level, String key) {
    filling(level).refused.add(key);
  }

  private MessageDigest digest(Level level, String text) {
    MessageDigest digest = level == Level.ITEM ? itemContent : content;
    Hashes.update(digest, text);
    return digest;
  }

  /** Adds a row. */
  public void append(Level level, StoredKnowledge row) throws IOException {
    Filling filling = filling(level);
    if (filling.segment == null) {
      filling.segment = newSegment(level);
    }
    filling.segment.append(row);
    if (filling.segment.bytes() >= LARGE_SEGMENT) {
      commit(filling);
    }
  }

  /** Hands the rows appended to a level to the system, so that they outlive this process. */
  public void keep(Level level) throws IOException {
    Filling filling = filling(level);
    if (filling.segment != null) {
      filling.segment.keep();
    }
  }

  /** Forces what was kept to the disk if the last time was long ago. */
  public void forceWhenDue() throws IOException {
    if (System.nanoTime() - forcedAt >= forceEvery.toNanos()) {
      for (Filling filling : levels.values()) {
        if (filling.segment != null) {
          filling.segment.force();
        }
      }
      forcedAt = System.nanoTime();
    }
  }

  /**
   * Commits, removes vectors of filled levels without a prompt, declares the store complete.
   *
   * @param users who got no vector
   * @param items which got none, if they are filled
   */
  public StoreInfo finish(@Nullable Without users, @Nullable Without items) throws IOException {
    for (Level level : filled) {
      filling(level).refused.forEach(key -> digest(level, "refused " + key));
      filling(level).before = null; // Tidying opens the level again: about 60 bytes per key, once.
      commit(filling(level));
      tidy(level);
    }
    // What has not changed keeps its hashes, also those of releases that made them otherwise.
    Optional<StoreInfo> same =
        previous
            .filter(StoreInfo::complete)
            .filter(there -> filled.stream().allMatch(level -> filling(level).isAsBefore()));
    StoreInfo read =
        filled.contains(Level.ITEM)
            ? info.withItems(info.source(), items(same)).without(users, items)
            : info.without(users, info.itemsWithout());
    StoreInfo completed =
        read.completed(
            same.map(StoreInfo::content).orElseGet(() -> Checksums.hex(content.digest())),
            size(Level.SCENARIO),
            size(Level.USER),
            size(Level.ITEM));
    KnowledgeStore.writeInfo(folder, completed);
    return completed;
  }

  private String items(Optional<StoreInfo> same) {
    return same.map(StoreInfo::itemContent)
        .filter(hash -> !hash.isEmpty())
        .orElseGet(() -> Checksums.hex(itemContent.digest()));
  }

  private int size(Level level) {
    Filling filling = filling(level);
    return filled.contains(level) ? filling.size() : filling.sizeBefore;
  }

  /** Commits appended rows and lets others fill the store. */
  @Override
  public void close() throws IOException {
    @Nullable SegmentWriter users = filling(Level.USER).segment;
    @Nullable SegmentWriter scenarios = filling(Level.SCENARIO).segment;
    @Nullable SegmentWriter items = filling(Level.ITEM).segment;
    try (lock;
        allocator;
        users;
        scenarios;
        items) {
      for (Filling filling : levels.values()) {
        commit(filling);
      }
    }
  }

  private void commit(Filling filling) throws IOException {
    try (SegmentWriter segment = filling.segment) {
      filling.segment = null;
      if (segment != null) {
        segment.commit();
      }
    }
  }

  private void tidy(Level level) throws IOException {
    List<Path> segments = StoredLevel.segments(folder, level);
    StoredLevel all = StoredLevel.open(folder, level, info, allocator);
    boolean many =
        segments.size() > MANY_SEGMENTS && bytes(segments) / segments.size() < LARGE_SEGMENT / 4;
    if (all.rows() == filling(level).size() && !many) {
      return;
    }
    try (SegmentWriter merged = newSegment(level)) {
      copyWanted(segments, all, filling(level), merged);
      if (merged.rows() > 0) {
        merged.commit();
      }
    }
    // If this is cut off, rows of the merged segment override equal ones of older segments, and the
    // store is not yet complete, so the next filling tidies again.
    deleteAll(segments);
  }

  private static long bytes(List<Path> segments) throws IOException {
    long bytes = 0;
    for (Path segment : segments) {
      bytes += Files.size(segment);
    }
    return bytes;
  }

  private void copyWanted(
      List<Path> segments, StoredLevel all, Filling filling, SegmentWriter target)
      throws IOException {
    int[] block = {0};
    for (Path segment : segments) {
      SegmentReader.forEachBatch(
          segment,
          info,
          allocator,
          (batch, vectors) -> {
            for (int row = 0; row < batch.count(); row++) {
              String key = batch.key(row);
              if (filling.keeps(key) && all.isLatest(all.find(key), block[0], row)) {
                target.append(batch.row(row, vectors, info.encoder().dimension()));
              }
            }
            block[0]++;
          });
    }
  }

  private SegmentWriter newSegment(Level level) throws IOException {
    List<Path> segments = StoredLevel.segments(folder, level);
    int last = 0;
    String prefix = StoredLevel.prefix(level);
    for (Path segment : segments) {
      String name = segment.getFileName().toString();
      last = Integer.parseInt(name.substring(prefix.length(), name.indexOf('.')));
    }
    Path file = folder.resolve(StoredLevel.name(level, last + 1));
    return new SegmentWriter(file, info, allocator);
  }

  private Filling filling(Level level) {
    Filling filling = levels.get(level);
    if (filling == null) {
      throw new IllegalStateException("no level " + level);
    }
    return filling;
  }

  private static FolderLock lock(Path folder) throws IOException {
    FolderLock lock = FolderLock.tryTake(folder.resolve(LOCK));
    if (lock == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/LOCKED",
          "the knowledge store is already being filled. Folder %s. Wait for the other run, or use another workspace for this one."
              .formatted(folder));
    }
    return lock;
  }

  /** Returns whether somebody fills the store of a folder. */
  static boolean isFilling(Path folder) throws IOException {
    return FolderLock.isHeld(folder.resolve(LOCK));
  }

  /**
   * Records that the code of plugins that are here makes the vectors that are stored.
   *
   * @throws MsrException of type USER if another process fills the store
   */
  public static void accept(Path folder, List<PluginStamp> plugins) throws IOException {
    try (FolderLock lock = lock(folder)) {
      KnowledgeStore.writeInfo(folder, KnowledgeStore.readInfo(folder).madeBy(plugins));
    }
  }

  /** Requires that a store, if there is one, was filled in the same way. */
  public static void requireSame(Path folder, StoreInfo wanted) throws IOException {
    if (!KnowledgeStore.exists(folder)) {
      return;
    }
    StoreInfo there = KnowledgeStore.readInfo(folder);
    if (there.identity().equals(wanted.identity())) {
      return;
    }
    throw new MsrException(
        ErrorType.USER,
        "knowledge/STORE_MISMATCH",
        "the knowledge store was filled with other settings: %s. Folder %s. Undo the change, delete the folder, or fill it from scratch with 'llm4msr knowledge extract FILE --rebuild'."
            .formatted(String.join("; ", there.differences(wanted)), folder));
  }

  /** Makes segments from what a killed process left. */
  private static void finishUnfinished(Path folder, StoreInfo info) throws IOException {
    for (Level level : Level.values()) {
      for (Path segment : StoredLevel.unfinished(folder, level)) {
        SegmentJournal.finish(segment, info);
      }
    }
  }

  private static void deleteUnfinished(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      deleteAll(
          files
              .filter(file -> file.getFileName().toString().endsWith(DurableFiles.UNFINISHED))
              .toList());
    }
  }

  private static void deleteAll(List<Path> files) throws IOException {
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}

package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;

/**
 * A folder of vectors by key: {@code store.json} ({@link StoreInfo}) and Arrow IPC files {@code
 * users-00001.arrow}, {@code scenarios-00001.arrow}, {@code items-00001.arrow} and so on. Vectors
 * are mapped, not loaded, so there is nothing to close. Safe for use by several threads.
 */
public final class KnowledgeStore {

  private static final String MANIFEST = "store.json";

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Path folder;
  private final StoreInfo info;
  private final Map<Level, StoredLevel> levels;

  private KnowledgeStore(Path folder, StoreInfo info, Map<Level, StoredLevel> levels) {
    this.folder = folder;
    this.info = info;
    this.levels = levels;
  }

  /**
   * Opens a complete store.
   *
   * @throws MsrException of type USER if there is none or it is not complete, of type DATA if a
   *     file is damaged
   */
  public static KnowledgeStore open(Path folder) {
    if (!Files.exists(folder.resolve(MANIFEST))) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NO_STORE",
          "there is no knowledge store. Folder %s. Run 'llm4msr knowledge extract'."
              .formatted(folder));
    }
    StoreInfo info = readInfo(folder);
    if (!info.complete()) {
      throw incomplete(folder);
    }
    try {
      Map<Level, StoredLevel> levels = new EnumMap<>(Level.class);
      for (Level level : Level.values()) {
        StoredLevel stored = level(folder, level, info);
        if (stored.size() != info.count(level)) {
          throw SegmentReader.damaged(
              folder.resolve(MANIFEST),
              "it states %d vectors of the level %s, the segments hold %d"
                  .formatted(info.count(level), level, stored.size()));
        }
        levels.put(level, stored);
      }
      return new KnowledgeStore(folder, info, levels);
    } catch (IOException e) {
      throw failed("read", folder, e);
    }
  }

  private static MsrException incomplete(Path folder) {
    try {
      return new MsrException(
          ErrorType.USER,
          "knowledge/INCOMPLETE",
          StoreWriter.isFilling(folder)
              ? "the knowledge store is being filled. Folder %s. Wait for the process that runs 'llm4msr knowledge extract'."
                  .formatted(folder)
              : "filling the knowledge store was interrupted, according to its store.json. Folder %s. Run 'llm4msr knowledge extract' again; it resumes where it stopped."
                  .formatted(folder));
    } catch (IOException e) {
      return failed("read", folder, e);
    }
  }

  /** Returns the description of the store. */
  public StoreInfo info() {
    return info;
  }

  /** Returns the folder. */
  public Path folder() {
    return folder;
  }

  /**
   * Returns what the folder says now, if it holds a complete store of the same vectors.
   *
   * @param withItems whether those of items count
   */
  public Optional<StoreInfo> unchanged(boolean withItems) {
    return stated(folder).filter(StoreInfo::complete).filter(now -> now.hasSame(info, withItems));
  }

  /** Returns the users' vectors by raw id. */
  public KnowledgeSource users() {
    return level(Level.USER);
  }

  /** Returns the scenarios' vectors by key. */
  public KnowledgeSource scenarios() {
    return level(Level.SCENARIO);
  }

  /** Returns the items' vectors by raw id. */
  public KnowledgeSource items() {
    return level(Level.ITEM);
  }

  /** Returns the keys for which a level has a vector, decoded on demand. */
  public List<String> keys(Level level) {
    StoredLevel stored = level(level);
    return new AbstractList<>() {
      @Override
      public String get(int number) {
        return stored.key(Objects.checkIndex(number, size()));
      }

      @Override
      public int size() {
        return stored.size();
      }
    };
  }

  /**
   * Refuses a store that was filled from other data: its prompts may reveal what the present split
   * keeps for the test.
   *
   * @param source key of the prepared data
   * @param withItems whether the vectors of items are read
   */
  public void requireSource(String source, boolean withItems) {
    if (!info.source().equals(source)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/OTHER_DATA",
          "the knowledge store was filled from other prepared data (%s, as its store.json says) than this (%s). Folder %s. Run 'llm4msr knowledge extract'; prompts that have not changed are kept."
              .formatted(info.source(), source, folder));
    }
    if (withItems && !info.itemSource().equals(source)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NO_ITEMS",
          "the knowledge store does not have all items of this prepared data (%s). Folder %s. Run 'llm4msr knowledge extract' with a configuration that has a section knowledge.items; prompts that have not changed are kept."
              .formatted(source, folder));
    }
  }

  /** Returns the files of a store, for those who copy it. */
  public static List<Path> files(Path folder) throws IOException {
    List<Path> files = new ArrayList<>(List.of(folder.resolve(MANIFEST)));
    for (Level level : Level.values()) {
      files.addAll(StoredLevel.segments(folder, level));
    }
    return files;
  }

  /**
   * Merges two stores; if both have a key, the newer counts.
   *
   * @param target does not exist; appears complete
   * @throws MsrException {@code knowledge/STORE_MISMATCH} if they were not filled in the same way
   */
  public static KnowledgeStore merge(Path older, Path newer, Path target) {
    KnowledgeStore first = open(older);
    KnowledgeStore second = open(newer);
    if (!first.info.isMadeAs(second.info)) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/STORE_MISMATCH",
          "the knowledge in %s was extracted with other settings than that in %s: %s. Give the section knowledge the same settings."
              .formatted(newer, older, String.join("; ", first.info.differences(second.info))));
    }
    try {
      Path unfinished = DurableFiles.unfinished(target);
      DurableFiles.delete(unfinished);
      Files.createDirectories(unfinished);
      for (Level level : Level.values()) {
        int number = 0;
        for (KnowledgeStore store : List.of(first, second)) {
          for (Path segment : StoredLevel.segments(store.folder, level)) {
            Path copy = unfinished.resolve(StoredLevel.name(level, ++number));
            copy(segment, store.info, copy, second.info);
          }
        }
      }
      StoreInfo info =
          second
              .info
              .after(first.info)
              .without(null, null)
              .withItems(
                  second.info.itemSource(),
                  both(first.info.itemContent(), second.info.itemContent()));
      String content = both(first.info.content(), info.content());
      writeInfo(
          unfinished,
          info.completed(
              content,
              level(unfinished, Level.SCENARIO, info).size(),
              level(unfinished, Level.USER, info).size(),
              level(unfinished, Level.ITEM, info).size()));
      DurableFiles.publish(target);
    } catch (IOException e) {
      throw failed("write", target, e);
    }
    return open(target);
  }

  /** Copies a segment into another store of such vectors. */
  private static void copy(Path segment, StoreInfo from, Path target, StoreInfo to)
      throws IOException {
    if (from.identity().equals(to.identity())) {
      DurableFiles.copy(segment, target);
      return;
    }
    try (BufferAllocator allocator = new RootAllocator();
        SegmentWriter writer = new SegmentWriter(target, to, allocator)) {
      SegmentReader.forEachBatch(
          segment,
          from,
          allocator,
          (batch, vectors) -> {
            for (int row = 0; row < batch.count(); row++) {
              writer.append(batch.row(row, vectors, from.encoder().dimension()));
            }
          });
      writer.commit();
    }
  }

  private static String both(String first, String second) {
    return Checksums.of((first + second).getBytes(UTF_8));
  }

  private static StoredLevel level(Path folder, Level level, StoreInfo info) throws IOException {
    try (BufferAllocator allocator = new RootAllocator()) {
      return StoredLevel.open(folder, level, info, allocator);
    }
  }

  /** Returns the finished rows of a level in a store that need not be complete. */
  public static StoredLevel stored(Path folder, Level level, StoreInfo info) {
    try {
      return level(folder, level, info);
    } catch (IOException e) {
      throw failed("read", folder, e);
    }
  }

  /** Returns all rows of a level. */
  public StoredLevel level(Level level) {
    return requireNonNull(levels.get(level), "no such level");
  }

  static StoreInfo readInfo(Path folder) {
    Path file = folder.resolve(MANIFEST);
    try {
      StoreInfo info = JSON.readValue(SmallFiles.read(file), StoreInfo.class);
      if (info.formatVersion() != StoreInfo.FORMAT_VERSION) {
        throw SegmentReader.damaged(
            file,
            "it has format version %d, this release reads %d"
                .formatted(info.formatVersion(), StoreInfo.FORMAT_VERSION));
      }
      return info;
    } catch (JsonProcessingException | CharConversionException e) {
      throw SegmentReader.damaged(file, FileErrors.reason(e));
    } catch (IOException e) {
      throw failed("read", folder, e);
    }
  }

  /** Returns the description of a store, complete or not; nothing if there is none. */
  public static Optional<StoreInfo> stated(Path folder) {
    return exists(folder) ? Optional.of(readInfo(folder)) : Optional.empty();
  }

  static boolean exists(Path folder) {
    return Files.exists(folder.resolve(MANIFEST));
  }

  static void writeInfo(Path folder, StoreInfo info) throws IOException {
    DurableFiles.write(folder.resolve(MANIFEST), JSON.writeValueAsBytes(info));
  }

  static void deleteInfo(Path folder) throws IOException {
    Files.deleteIfExists(folder.resolve(MANIFEST));
  }

  /**
   * Returns the error of a file operation on a store.
   *
   * @param operation the verb in "cannot fill the knowledge store"
   */
  public static MsrException failed(String operation, Path folder, IOException cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "knowledge/IO",
        "cannot %s the knowledge store: %s. Folder %s. Check that the disk is available, has free space and can be written to."
            .formatted(operation, FileErrors.reason(cause), folder),
        cause,
        true);
  }
}

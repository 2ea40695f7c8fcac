package org.llm4msr.server.knowledge;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.server.refusal.KnowledgeRefusals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Vectors on the disk, each in a file that is complete or not there, whenever the machine stops.
 * What cannot be read is left out, and the log says so.
 */
final class KnowledgeFolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(KnowledgeFolder.class);
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ENDING = ".json";
  private static final String LOCK = "lock";

  /** Of a file: more than any vector that a request brings needs. */
  private static final long MOST_BYTES = 64L << 20;

  private final Path folder;
  private final FolderLock lock;

  private KnowledgeFolder(Path folder, FolderLock lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * The content of a file.
   *
   * @param vector float32, least byte first
   * @param check CRC-32C of the vector's bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // Jackson writes bytes in Base64.
  private record Content(String level, String key, String since, byte[] vector, int check) {}

  /**
   * Opens a folder, which is made if there is none.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/KNOWLEDGE_FOLDER}
   */
  static KnowledgeFolder open(Path folder) {
    try {
      Files.createDirectories(folder);
      FolderLock lock = FolderLock.tryTake(folder.resolve(LOCK));
      if (lock == null) {
        throw KnowledgeRefusals.folder(folder, "another server has it");
      }
      return new KnowledgeFolder(folder, lock);
    } catch (IOException e) {
      throw KnowledgeRefusals.folder(folder, FileErrors.reason(e));
    }
  }

  /** Reads all that it holds, one after the other. */
  void read(Consumer<FreshVector> each) {
    for (Path file : files()) {
      FreshVector read = read(file);
      if (read != null) {
        each.accept(read);
      }
    }
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(ENDING)).sorted().toList();
    } catch (IOException e) {
      throw KnowledgeRefusals.folder(folder, FileErrors.reason(e));
    }
  }

  private @Nullable FreshVector read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new IOException("it is too large");
      }
      Content content = JSON.readValue(Files.readAllBytes(file), Content.class);
      FreshVector fresh = vector(content);
      if (!file(fresh.level(), fresh.key()).equals(file)) {
        throw new IOException("it has the name of another");
      }
      return fresh;
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      LOG.warn("{} holds no vector and is left out: {}", file, reason(e));
      return null;
    }
  }

  private static String reason(Exception e) {
    return e instanceof IOException io ? FileErrors.reason(io) : String.valueOf(e.getMessage());
  }

  private static FreshVector vector(Content content) throws IOException {
    if (content.vector() == null || content.key() == null || content.level() == null) {
      throw new IOException("it is incomplete");
    }
    if (check(content.vector()) != content.check()) {
      throw new IOException("its checksum is another");
    }
    float[] vector = new float[content.vector().length / Float.BYTES];
    ByteBuffer.wrap(content.vector()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return new FreshVector(
        Level.valueOf(content.level().toUpperCase(Locale.ROOT)),
        content.key(),
        Instant.parse(content.since()),
        vector);
  }

  private static int check(byte[] bytes) {
    return Hashing.crc32c().hashBytes(bytes).asInt();
  }

  /** Writes a vector in place of what there was. */
  void write(FreshVector fresh) {
    ByteBuffer bytes =
        ByteBuffer.allocate(fresh.vector().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(fresh.vector());
    Content content =
        new Content(
            name(fresh.level()),
            fresh.key(),
            fresh.since().toString(),
            bytes.array(),
            check(bytes.array()));
    try {
      DurableFiles.write(file(fresh.level(), fresh.key()), JSON.writeValueAsBytes(content));
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private MsrException notWritten(IOException e) {
    LOG.error("{} cannot be written: {}", folder, FileErrors.reason(e));
    return KnowledgeRefusals.notWritten(e);
  }

  void delete(Level level, String key) {
    try {
      Files.deleteIfExists(file(level, key));
      DurableFiles.forceFolder(folder);
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private static String name(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }

  /** Keys are any text, so files are named by a hash. */
  private Path file(Level level, String key) {
    return folder.resolve(name(level) + "-" + Hashing.sha256().hashString(key, UTF_8) + ENDING);
  }

  @Override
  public void close() {
    lock.close();
  }
}

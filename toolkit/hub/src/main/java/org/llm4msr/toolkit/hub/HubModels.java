package org.llm4msr.toolkit.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hub's cache folder, in the layout of its Python library: {@code blobs} named by checksum,
 * {@code snapshots/COMMIT} of links to them, {@code refs/REVISION} with a commit. A listing of each
 * commit is kept as well, so that a snapshot can be recognised as complete without the network.
 *
 * @see <a href="https://huggingface.co/docs/huggingface_hub/guides/manage-cache">the layout</a>
 */
final class HubModels {

  private static final Logger LOG = LoggerFactory.getLogger(HubModels.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** File locks are held by processes; threads of one process wait here. */
  private static final ReentrantLock DOWNLOADS = new ReentrantLock();

  private final HubSettings settings;

  HubModels(HubSettings settings) {
    this.settings = settings;
  }

  /**
   * A commit of a repository.
   *
   * @param commit 40 hexadecimal digits
   * @param folder that holds its files
   */
  record Snapshot(String commit, Path folder) {}

  /**
   * A file of a commit.
   *
   * @param path in the repository
   * @param checksum SHA-256 of a large file, Git's SHA-1 of others
   */
  record RemoteFile(String path, long size, String checksum) {

    boolean isLarge() {
      return checksum.length() == 64;
    }
  }

  private record Listing(String commit, List<RemoteFile> files) {}

  /** Provides the wanted files of a revision. */
  Snapshot snapshot(String repository, String revision, Predicate<String> wanted) {
    Path root = settings.cache().resolve("models--" + repository.replace("/", "--"));
    try {
      // A folder without a listing may hold only a part of its commit.
      boolean listed = isCommit(revision) && Files.isRegularFile(listingFile(root, revision));
      Snapshot known = settings.offline() || listed ? cached(root, revision, wanted) : null;
      if (known != null) {
        return known;
      }
      if (settings.offline()) {
        throw notCached(repository, revision, root);
      }
      return download(repository, revision, root, wanted);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "model/CACHE",
          "cannot keep the model %s: %s. Folder %s. Check that the disk is available, has free space and can be written to, or set HF_HUB_CACHE."
              .formatted(repository, e, root),
          e,
          true);
    }
  }

  private Snapshot download(String repository, String revision, Path root, Predicate<String> wanted)
      throws IOException {
    HubClient client = new HubClient(settings, repository);
    String json;
    try {
      json = client.describe(revision);
    } catch (MsrException e) {
      Snapshot known = e.retryable() ? cached(root, revision, wanted) : null;
      if (known == null) {
        throw e;
      }
      LOG.warn("{} Using commit {} from the cache.", e.text(), known.commit());
      return known;
    }
    Listing listing = listing(json, repository);
    if (isCommit(revision) && !listing.commit().equals(revision)) {
      throw wrong(repository, "it is one of the commit " + listing.commit());
    }
    // Written first, so that a snapshot whose download ends early is known to be incomplete.
    write(listingFile(root, listing.commit()), json);
    for (RemoteFile file : listing.files()) {
      if (wanted.test(file.path())) {
        bring(client, listing.commit(), file, root);
      }
    }
    if (!isCommit(revision)) {
      write(root.resolve("refs").resolve(revision), listing.commit());
    }
    Path folder = root.resolve("snapshots").resolve(listing.commit());
    Files.createDirectories(folder);
    return new Snapshot(listing.commit(), folder);
  }

  /** Makes a link in the snapshot, and its target blob. */
  private static void bring(HubClient client, String commit, RemoteFile file, Path root)
      throws IOException {
    Path blob = root.resolve("blobs").resolve(file.checksum());
    Files.createDirectories(blob.getParent());
    if (!Files.exists(blob) || Files.size(blob) != file.size()) {
      takeTurn();
      try {
        Path lockFile = blob.resolveSibling(file.checksum() + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, CREATE, WRITE);
            FileLock lock = channel.lock()) {
          if (!Files.exists(blob) || Files.size(blob) != file.size()) {
            Files.deleteIfExists(blob);
            client.download(commit, file, blob);
          }
          Files.deleteIfExists(lockFile);
        }
      } finally {
        DOWNLOADS.unlock();
      }
    }
    Path link = root.resolve("snapshots").resolve(commit).resolve(file.path());
    takeTurn();
    try {
      if (!Files.exists(link)) {
        Files.createDirectories(link.getParent());
        Files.deleteIfExists(link); // A dangling link.
        link(link, blob);
      }
    } finally {
      DOWNLOADS.unlock();
    }
  }

  /**
   * Waits for the lock. The JDK's client delivers answers in the common pool: if this were one of
   * the pool's threads and the pool did not know that it waits, no thread might be left for the
   * answer.
   */
  private static void takeTurn() {
    ForkJoinPool.ManagedBlocker turn =
        new ForkJoinPool.ManagedBlocker() {
          @Override
          public boolean block() {
            DOWNLOADS.lock();
            return true;
          }

          @Override
          public boolean isReleasable() {
            return DOWNLOADS.tryLock();
          }
        };
    try {
      ForkJoinPool.managedBlock(turn);
    } catch (InterruptedException e) {
      throw new AssertionError("the lock waits without interruption", e);
    }
  }

  private static void link(Path link, Path blob) throws IOException {
    try {
      Path folder = requireNonNull(link.getParent(), "a file of a snapshot has a folder");
      Files.createSymbolicLink(link, folder.relativize(blob));
    } catch (FileAlreadyExistsException e) {
      // Another process was faster.
    } catch (UnsupportedOperationException | FileSystemException e) {
      copy(blob, link);
    }
  }

  /** Makes a file on a disk that does not support links. */
  private static void copy(Path blob, Path target) throws IOException {
    atOnce(target, unfinished -> Files.copy(blob, unfinished));
  }

  @FunctionalInterface
  private interface Writing {
    void to(Path file) throws IOException;
  }

  /** Makes a file atomically; a failure leaves nothing behind. */
  private static void atOnce(Path target, Writing writing) throws IOException {
    Path unfinished = unfinished(target);
    try {
      writing.to(unfinished);
      Files.move(unfinished, target, ATOMIC_MOVE, REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  /**
   * Returns a name for a file that is renamed later and has the usual rights of this process's
   * files.
   */
  private static Path unfinished(Path target) {
    return target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".tmp");
  }

  /** Returns a snapshot that is complete as far as is known, or null. */
  private static @Nullable Snapshot cached(Path root, String revision, Predicate<String> wanted)
      throws IOException {
    String commit = revision;
    if (!isCommit(revision)) {
      Path ref = root.resolve("refs").resolve(revision);
      commit = Files.isRegularFile(ref) ? Files.readString(ref).strip() : "";
    }
    Path folder = root.resolve("snapshots").resolve(commit);
    if (!isCommit(commit) || !Files.isDirectory(folder)) {
      return null;
    }
    Path listing = listingFile(root, commit);
    if (!Files.isRegularFile(listing)) {
      return new Snapshot(commit, folder); // From another tool; the caller notices missing files.
    }
    boolean whole =
        listing(Files.readString(listing), root.toString()).files().stream()
            .filter(file -> wanted.test(file.path()))
            .allMatch(file -> Files.isRegularFile(folder.resolve(file.path())));
    return whole ? new Snapshot(commit, folder) : null;
  }

  private static Path listingFile(Path root, String commit) {
    return root.resolve("listings").resolve(commit + ".json");
  }

  /** Reads the hub's description of a commit, without trusting any of it. */
  private static Listing listing(String json, String repository) {
    try {
      JsonNode description = JSON.readTree(json);
      String commit = description.path("sha").asText();
      if (!isCommit(commit)) {
        throw wrong(repository, "it names no commit");
      }
      List<RemoteFile> files = new ArrayList<>();
      for (JsonNode file : description.path("siblings")) {
        files.add(file(file, repository));
      }
      return new Listing(commit, files);
    } catch (JsonProcessingException e) {
      throw wrong(repository, "it is not JSON: " + e.getOriginalMessage());
    }
  }

  private static RemoteFile file(JsonNode file, String repository) {
    String path = file.path("rfilename").asText();
    boolean large = file.path("lfs").isObject();
    String checksum =
        large ? file.path("lfs").path("sha256").asText() : file.path("blobId").asText();
    long size = (large ? file.path("lfs") : file).path("size").asLong(-1);
    Path relative = Path.of(path.replace('\0', '/'));
    boolean inside =
        !path.isEmpty()
            && path.indexOf('\0') < 0
            && !path.contains("\\")
            && !relative.isAbsolute()
            && relative.equals(relative.normalize())
            && !relative.startsWith("..");
    if (!inside || !checksum.matches(large ? "[0-9a-f]{64}" : "[0-9a-f]{40}") || size < 0) {
      throw wrong(repository, "its file '%s' has no path, size and checksum".formatted(path));
    }
    return new RemoteFile(path, size, checksum);
  }

  private static boolean isCommit(String revision) {
    return revision.matches("[0-9a-f]{40}");
  }

  private static void write(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    atOnce(file, unfinished -> Files.writeString(unfinished, content, UTF_8));
  }

  private static MsrException notCached(String repository, String revision, Path root)
      throws IOException {
    String there = "none";
    Path snapshots = root.resolve("snapshots");
    if (Files.isDirectory(snapshots)) {
      try (var commits = Files.list(snapshots)) {
        there =
            commits
                .map(commit -> commit.getFileName().toString())
                .collect(Collectors.joining(", "));
      }
    }
    return new MsrException(
        ErrorType.USER,
        "model/NOT_CACHED",
        "the model %s@%s is not complete in the cache, and HF_HUB_OFFLINE forbids downloading it. Folder %s, commits there: %s. Run once with network access, or copy the cache from a machine that has it."
            .formatted(repository, revision, root, there));
  }

  private static MsrException wrong(String repository, String problem) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "model/WRONG_ANSWER",
        "the description of the model %s cannot be used: %s. Check HF_ENDPOINT."
            .formatted(repository, problem));
  }
}

package org.llm4msr.runtime.bundle;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.knowledge.control.ControlledKnowledge;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.plugins.PluginStamp;

/**
 * Writes a bundle under a temporary name beside its target, forces it to the disk, and then renames
 * it: a folder with the final name is always complete.
 */
public final class BundleWriter {

  private static final String LOCK = "lock";

  private BundleWriter() {}

  /**
   * What goes into a bundle.
   *
   * @param prepared folder of the prepared data
   * @param data its manifest when the model was trained
   * @param knowledge what the model was trained with, null if it reads none
   * @param readsItems whether the model reads that of items
   */
  public record Contents(
      TrainableModel model,
      Path prepared,
      DatasetManifest data,
      @Nullable ControlledKnowledge knowledge,
      boolean readsItems,
      List<PluginStamp> plugins,
      Map<String, Object> config,
      Map<String, Object> provenance,
      Map<String, Object> training) {}

  /**
   * Writes a bundle.
   *
   * @throws MsrException {@code bundle/EXISTS} or {@code bundle/IN_THE_WAY} if something exists at
   *     the target or its temporary name, {@code bundle/IN_USE} if another process writes it,
   *     {@code bundle/NOT_WRITTEN} if the disk is full or not writable
   */
  public static void write(Path target, Contents contents) {
    write(target, folder -> fill(folder, contents));
  }

  /** Writes files into a folder. */
  @FunctionalInterface
  public interface Filling {
    void fill(Path folder) throws IOException;
  }

  /**
   * Writes a bundle that holds all of another one, and more.
   *
   * @param training in place of the other's
   * @param more writes what is new into the folder of the new bundle
   * @throws MsrException as {@link #write(Path, Contents)}
   */
  public static void extend(
      Bundle bundle, Path target, Map<String, Object> training, Filling more) {
    write(
        target,
        folder -> {
          for (String name : bundle.manifest().files().keySet()) {
            copy(List.of(bundle.folder().resolve(name)), bundle.folder(), folder);
          }
          more.fill(folder);
          BundleManifest before = bundle.manifest();
          writeManifest(folder, before.plugins(), before.config(), before.provenance(), training);
        });
  }

  private static void write(Path target, Filling filling) {
    Path unfinished = DurableFiles.unfinished(target);
    Path lockFile = unfinished.resolve(LOCK);
    try {
      requireOurs(unfinished, lockFile);
      Files.createDirectories(unfinished);
      try (FolderLock lock = FolderLock.tryTake(lockFile)) {
        if (lock == null) {
          throw new MsrException(
              ErrorType.USER,
              "bundle/IN_USE",
              "Another process is writing the bundle %s. Wait until it has finished, or choose another folder."
                  .formatted(target));
        }
        write(target, unfinished, lockFile, filling);
      }
    } catch (IOException e) {
      throw BundleErrors.notWritten(target, e);
    }
  }

  private static void write(Path target, Path unfinished, Path lockFile, Filling filling)
      throws IOException {
    try {
      requireFree(target);
      for (Path left : children(unfinished)) {
        if (!left.equals(lockFile)) {
          DurableFiles.delete(left);
        }
      }
      filling.fill(unfinished);
      Files.delete(lockFile);
      DurableFiles.publish(target);
    } catch (IOException | RuntimeException e) {
      DurableFiles.discard(unfinished, e);
      throw e;
    }
  }

  /** What has that name but is not an unfinished bundle belongs to somebody else. */
  private static void requireOurs(Path unfinished, Path lockFile) throws IOException {
    boolean isFree =
        !Files.exists(unfinished)
            || Files.exists(lockFile)
            || (Files.isDirectory(unfinished) && children(unfinished).isEmpty());
    if (!isFree) {
      throw new MsrException(
          ErrorType.USER,
          "bundle/IN_THE_WAY",
          "%s is not an unfinished bundle of this release, but the bundle needs its name. Move it away, or choose another folder."
              .formatted(unfinished));
    }
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.toList();
    }
  }

  /**
   * Refuses a target that exists.
   *
   * @throws MsrException {@code bundle/EXISTS}
   */
  public static void requireFree(Path target) {
    if (Files.exists(target)) {
      throw new MsrException(
          ErrorType.USER,
          "bundle/EXISTS",
          target + " already exists. Choose another folder, or delete it.");
    }
  }

  private static void fill(Path folder, Contents contents) throws IOException {
    TrainableModel model = contents.model();
    onEngine(
        model,
        () -> {
          ModelFiles.write(model, folder, false);
          ModelFiles.writeScaling(model, folder.resolve(Bundle.SCALING));
          ModelFiles.writeHistory(model, folder.resolve(Bundle.HISTORY));
        });
    copyData(contents, folder.resolve(Bundle.DATA));
    if (contents.knowledge() != null) {
      copyKnowledge(contents.knowledge(), contents.readsItems(), folder.resolve(Bundle.KNOWLEDGE));
    }
    writeManifest(
        folder, contents.plugins(), contents.config(), contents.provenance(), contents.training());
  }

  private static void writeManifest(
      Path folder,
      List<PluginStamp> plugins,
      Map<String, Object> config,
      Map<String, Object> provenance,
      Map<String, Object> training)
      throws IOException {
    BundleManifest manifest =
        new BundleManifest(
            BundleManifest.FORMAT_VERSION,
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
            plugins,
            config,
            provenance,
            training,
            stamps(folder));
    byte[] json = Bundle.JSON.writeValueAsBytes(manifest);
    DurableFiles.write(folder.resolve(Bundle.MANIFEST), json);
    String line = Bundle.checksumLine(Checksums.of(json));
    DurableFiles.write(folder.resolve(Bundle.CHECKSUM), line.getBytes(StandardCharsets.UTF_8));
  }

  /** What lies there now may come from a preparation that ended while the model was trained. */
  private static void copyData(Contents contents, Path target) throws IOException {
    copy(RowEncoder.files(contents.prepared()), contents.prepared(), target);
    if (!RowEncoder.holds(target, contents.data())) {
      throw replaced("prepared data", contents.prepared(), "prepare the old data again");
    }
  }

  private static void copyKnowledge(ControlledKnowledge knowledge, boolean items, Path target)
      throws IOException {
    KnowledgeStore store = knowledge.store();
    if (!knowledge.controls().isEmpty()) {
      knowledge.write(target);
      return;
    }
    Optional<StoreInfo> now = store.unchanged(items);
    copy(KnowledgeStore.files(store.folder()), store.folder(), target);
    // A store that is filled again is first marked as such, so neither copy mixes two stores.
    if (now.isEmpty()
        || !now.equals(KnowledgeStore.stated(target))
        || !now.equals(store.unchanged(items))) {
      throw replaced("knowledge", store.folder(), "extract the old knowledge again");
    }
  }

  private static MsrException replaced(String problem, Path folder, String remedy) {
    return new MsrException(
        ErrorType.USER,
        "bundle/REPLACED",
        "The %s in %s is no longer what the model was trained with, so no bundle can be made of the two. Train a new run with it, or %s and run `llm4msr bundle create`."
            .formatted(problem, folder, remedy));
  }

  /** Work on the disk, which may fail. */
  @FunctionalInterface
  private interface DiskWork {
    void run() throws IOException;
  }

  private static void onEngine(TrainableModel model, DiskWork work) throws IOException {
    try {
      model
          .engine()
          .call(
              () -> {
                try {
                  work.run();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
                return 0;
              });
    } catch (UncheckedIOException e) {
      throw requireNonNull(e.getCause(), "an UncheckedIOException has a cause");
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.equals(folder.resolve(LOCK)))
          .sorted()
          .toList();
    }
  }

  private static void copy(List<Path> files, Path from, Path to) throws IOException {
    for (Path file : files) {
      Path target = to.resolve(from.relativize(file));
      Files.createDirectories(target.getParent());
      DurableFiles.copy(file, target);
    }
  }

  private static Map<String, FileStamp> stamps(Path folder) throws IOException {
    Map<String, FileStamp> stamps = new TreeMap<>();
    for (Path file : files(folder)) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      stamps.put(name, new FileStamp(Files.size(file), Checksums.of(file)));
    }
    return stamps;
  }
}

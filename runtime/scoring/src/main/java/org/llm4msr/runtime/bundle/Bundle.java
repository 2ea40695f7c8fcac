package org.llm4msr.runtime.bundle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.prepared.DatasetManifest.FileStamp;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/**
 * A model bundle whose every byte was checked. Its folder holds {@code manifest.json} with the
 * checksums of all other files, and {@code manifest.json.sha256} with that of the manifest.
 *
 * @param folder the bundle
 * @param manifest its manifest
 * @param digest SHA-256 of the manifest; equal digests mean equal bundles
 */
public record Bundle(Path folder, BundleManifest manifest, String digest) {

  /** The files for encoding rows, as in a folder of prepared data. */
  static final String DATA = "data";

  /** A knowledge store; absent if the model reads none. */
  public static final String KNOWLEDGE = "knowledge";

  /** How knowledge is standardised. */
  public static final String SCALING = "knowledge-scaling.safetensors";

  /** The events of users; absent if the model reads no history. */
  public static final String HISTORY = "history.arrow";

  static final String MANIFEST = "manifest.json";
  static final String CHECKSUM = "manifest.json.sha256";

  static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private static final long LARGEST_MANIFEST = 64L << 20;

  /**
   * Opens a bundle and checks all of it: every file that it names, and that its folders hold no
   * other.
   *
   * @throws MsrException {@code bundle/NO_BUNDLE}, {@code bundle/FORMAT_VERSION} or {@code
   *     bundle/DAMAGED} with the file
   */
  public static Bundle open(Path folder) {
    Bundle bundle = peek(folder);
    bundle.manifest.files().forEach((name, stamp) -> verify(folder, name, stamp));
    requireNothingElse(folder, bundle.manifest.files().keySet());
    return bundle;
  }

  /** Returns whether a folder holds a bundle, or what is left of one. */
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(MANIFEST));
  }

  /** Reads the manifest alone; it is checked, the other files are not. */
  public static Bundle peek(Path folder) {
    Path file = folder.resolve(MANIFEST);
    if (!isIn(folder)) {
      throw new MsrException(
          ErrorType.USER,
          "bundle/NO_BUNDLE",
          "%s holds no bundle (no %s). Choose the folder bundle of a run, or create one with `llm4msr bundle create`."
              .formatted(folder, MANIFEST));
    }
    try {
      if (Files.size(file) > LARGEST_MANIFEST) {
        throw BundleErrors.damaged(file, "has an impossible size of " + Files.size(file));
      }
      byte[] content = Files.readAllBytes(file);
      String digest = Checksums.of(content);
      requireStated(folder.resolve(CHECKSUM), file, digest);
      return new Bundle(folder, manifest(file, content), digest);
    } catch (IOException e) {
      throw BundleErrors.unreadable(file, e);
    }
  }

  private static void requireStated(Path checksum, Path file, String digest) throws IOException {
    if (!Files.isRegularFile(checksum)) {
      throw BundleErrors.damaged(checksum, "is missing");
    }
    byte[] expected = checksumLine(digest).getBytes(StandardCharsets.UTF_8);
    if (Files.size(checksum) != expected.length
        || !Arrays.equals(Files.readAllBytes(checksum), expected)) {
      throw BundleErrors.damaged(file, "does not have the checksum that " + checksum + " states");
    }
  }

  /** Returns the line as {@code sha256sum} writes and checks it. */
  static String checksumLine(String digest) {
    return digest + "  " + MANIFEST + "\n";
  }

  private static BundleManifest manifest(Path file, byte[] content) throws IOException {
    try {
      // The version comes first: another one may have other keys.
      int version = JSON.readTree(content).path("formatVersion").asInt(-1);
      if (version != BundleManifest.FORMAT_VERSION) {
        throw new MsrException(
            ErrorType.DATA,
            "bundle/FORMAT_VERSION",
            "%s has format version %s; this release reads %d. Use the release that wrote it (%s)."
                .formatted(
                    file,
                    version < 0 ? "(none)" : version,
                    BundleManifest.FORMAT_VERSION,
                    JSON.readTree(content).path("provenance").path("version").asText("unknown")));
      }
      BundleManifest manifest = JSON.readValue(content, BundleManifest.class);
      requireCalibration(file, manifest);
      return manifest;
    } catch (JsonProcessingException | CharConversionException e) {
      throw BundleErrors.damaged(file, "is broken: " + FileErrors.reason(e));
    }
  }

  private static void requireCalibration(Path file, BundleManifest manifest) {
    try {
      manifest.calibration();
    } catch (IllegalArgumentException e) {
      throw BundleErrors.damaged(file, "has a broken training.calibration: " + e.getMessage());
    }
  }

  /** A file left by another bundle in one of the folders would be read as part of this one. */
  private static void requireNothingElse(Path folder, Set<String> named) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        Path within = folder.relativize(file);
        if (within.getNameCount() > 1 && !named.contains(within.toString())) {
          throw BundleErrors.damaged(
              file,
              "is not listed in "
                  + MANIFEST
                  + ", and may belong to a bundle that was there before: delete it, or copy"
                  + " into an empty folder");
        }
      }
    } catch (IOException e) {
      throw BundleErrors.unreadable(folder, e);
    }
  }

  private static void verify(Path folder, String name, FileStamp stamp) {
    Path root = folder.toAbsolutePath().normalize();
    Path file = root.resolve(name).normalize();
    if (!file.startsWith(root)) {
      throw BundleErrors.damaged(folder.resolve(MANIFEST), "names '" + name + "' outside it");
    }
    if (!Files.isRegularFile(file)) {
      throw BundleErrors.damaged(file, "is missing, although " + MANIFEST + " lists it");
    }
    try {
      if (!file.toRealPath().startsWith(folder.toRealPath())) {
        throw BundleErrors.damaged(file, "is a link that leads out of the bundle");
      }
      if (Files.size(file) != stamp.bytes()) {
        throw BundleErrors.damaged(
            file, "has %d bytes; %s says %d".formatted(Files.size(file), MANIFEST, stamp.bytes()));
      }
      if (!Checksums.of(file).equals(stamp.sha256())) {
        throw BundleErrors.damaged(file, "does not have the checksum that " + MANIFEST + " states");
      }
    } catch (IOException e) {
      throw BundleErrors.unreadable(file, e);
    }
  }

  /** Returns the bytes of one file; -1 if the bundle has none of that name. */
  long bytes(String name) {
    Map<String, FileStamp> files = manifest.files();
    return files.containsKey(name) ? files.get(name).bytes() : -1;
  }

  public Path data() {
    return folder.resolve(DATA);
  }

  /** Opens the knowledge that the model was trained with. */
  public KnowledgeStore knowledge() {
    return KnowledgeStore.open(folder.resolve(KNOWLEDGE));
  }

  /** Returns whether the bundle was made with knowledge. */
  public boolean hasKnowledge() {
    return manifest.files().containsKey(SCALING);
  }
}

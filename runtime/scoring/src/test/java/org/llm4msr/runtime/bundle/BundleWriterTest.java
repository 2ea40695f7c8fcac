package org.llm4msr.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;

/** Bundles that hold all of another and more; whole models are written in end-to-end. */
class BundleWriterTest {

  /** SHA-256 of "abc" and of 56 bytes, which FIPS 180-4's examples publish. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private static final String LONG = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  private static final String OF_LONG =
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

  @TempDir Path folder;
  private Path target;
  private Path unfinished;

  @BeforeEach
  void names() {
    target = folder.resolve("target");
    unfinished = folder.resolve("target.tmp");
  }

  private Bundle bundle() throws IOException {
    Path plain = Files.createDirectories(folder.resolve("plain"));
    Files.createDirectories(plain.resolve("data"));
    Files.writeString(plain.resolve("data/ids.arrow"), "abc");
    String manifest =
        """
        {"formatVersion": 1, "written": "2026-01-31T00:00:00Z",
         "plugins": [], "config": {"seed": 7}, "provenance": {"version": "0.1"},
         "training": {"steps": 10},
         "files": {"data/ids.arrow": {"bytes": 3, "sha256": "%s"}}}
        """
            .formatted(ABC);
    Files.writeString(plain.resolve("manifest.json"), manifest);
    Files.writeString(
        plain.resolve("manifest.json.sha256"), sha256(manifest) + "  manifest.json\n");
    return Bundle.open(plain);
  }

  private static String sha256(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private void extend() throws IOException {
    BundleWriter.extend(
        bundle(),
        target,
        Map.of("steps", 20),
        unfinished ->
            Files.writeString(
                Files.createDirectory(unfinished.resolve("compiled")).resolve("plan"), LONG));
  }

  private Map<String, String> files(Path root) throws IOException {
    Map<String, String> texts = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        texts.put(root.relativize(file).toString(), Files.readString(file));
      }
    }
    return texts;
  }

  @Test
  void holdsTheFilesOfTheOtherAndMoreWithTheirChecksums() throws IOException {
    extend();

    Map<String, String> files = files(target);
    assertThat(files)
        .containsOnlyKeys(
            "compiled/plan", "data/ids.arrow", "manifest.json", "manifest.json.sha256")
        .containsEntry("data/ids.arrow", "abc")
        .containsEntry("compiled/plan", LONG)
        .containsEntry(
            "manifest.json.sha256", sha256(files.get("manifest.json")) + "  manifest.json\n");
    JsonNode manifest = JsonMapper.builder().build().readTree(files.get("manifest.json"));
    assertThat(manifest.path("files"))
        .isEqualTo(
            JsonMapper.builder()
                .build()
                .readTree(
                    """
                    {"compiled/plan": {"bytes": 56, "sha256": "%s"},
                     "data/ids.arrow": {"bytes": 3, "sha256": "%s"}}
                    """
                        .formatted(OF_LONG, ABC)));
    assertThat(Bundle.open(target).digest()).isEqualTo(sha256(files.get("manifest.json")));
  }

  @Test
  void replacesTheTrainingAlone() throws IOException {
    extend();

    BundleManifest manifest = Bundle.open(target).manifest();
    assertThat(manifest.training()).isEqualTo(Map.of("steps", 20));
    assertThat(manifest.config()).isEqualTo(Map.of("seed", 7));
    assertThat(manifest.provenance()).isEqualTo(Map.of("version", "0.1"));
  }

  @Test
  void leavesWhatIsAtItsPlace() throws IOException {
    Files.createDirectory(target);
    Files.writeString(target.resolve("mine"), "text");

    assertThatThrownBy(this::extend)
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("bundle/EXISTS")
        .hasMessageContaining(target + " already exists");
    assertThat(files(target)).containsOnlyKeys("mine");
    assertThat(unfinished).doesNotExist();
  }

  @Test
  void leavesAFolderOfAnotherThatHasItsTemporaryName() throws IOException {
    Files.createDirectory(unfinished);
    Files.writeString(unfinished.resolve("mine"), "text");

    assertThatThrownBy(this::extend)
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("bundle/IN_THE_WAY")
        .hasMessageContaining(unfinished.toString());
    assertThat(files(unfinished)).containsOnlyKeys("mine");
    assertThat(target).doesNotExist();
  }

  @Test
  void takesNothingOfAWriterThatWasKilled() throws IOException {
    Files.createDirectories(unfinished.resolve("data"));
    Files.writeString(unfinished.resolve("lock"), "");
    Files.writeString(unfinished.resolve("data/half"), "text");

    extend();

    assertThat(files(target)).doesNotContainKeys("data/half", "lock");
    assertThat(unfinished).doesNotExist();
  }

  @Test
  void leavesNothingWhereTheDiskIsFull() throws IOException {
    Bundle bundle = bundle();

    assertThatThrownBy(
            () ->
                BundleWriter.extend(
                    bundle,
                    target,
                    Map.of(),
                    folder -> {
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("bundle/NOT_WRITTEN")
        .hasMessageContaining("No space left on device");
    assertThat(target).doesNotExist();
    assertThat(unfinished).doesNotExist();
  }

  @Test
  void refusesWhatAnotherWrites() throws IOException {
    Bundle bundle = bundle();

    BundleWriter.extend(
        bundle,
        target,
        Map.of(),
        folder ->
            assertThatThrownBy(() -> BundleWriter.extend(bundle, target, Map.of(), nothing -> {}))
                .isInstanceOf(MsrException.class)
                .hasMessageContaining("bundle/IN_USE"));
    assertThat(Bundle.open(target).manifest().files()).containsOnlyKeys("data/ids.arrow");
  }
}

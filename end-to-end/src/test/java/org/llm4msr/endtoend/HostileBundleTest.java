package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;
import org.slf4j.LoggerFactory;

/** A manifest that someone wrote on purpose, with checksums that are right. */
class HostileBundleTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static Path bundle;
  private static String original;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1200, 40, List.of("feed", "search", "home"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
    original = Files.readString(bundle.resolve("manifest.json"));
  }

  @Test
  void theSameManifestSealedAgainIsAccepted() throws IOException {
    seal(manifest());
    Scorer.load(bundle).close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "java.lang.ProcessBuilder",
        "org.llm4msr.plugins.backbones.experts.MmoeFactory",
        "../plugins/evil.jar",
        "file:///evil.jar"
      })
  void aClassOrAPathIsNoNameOfAPlugin(String name) throws IOException {
    ObjectNode manifest = manifest();
    manifest.withObject("/config/model/backbone").put("name", name);
    seal(manifest);

    assertThat(refusal())
        .hasMessageContaining(
            "%s has a problem:\n  1. model.backbone.name = %s (manifest.json): there is no such backbone: there are ",
            bundle.resolve("manifest.json"), name)
        .hasMessageContainingAll("shared-bottom", "--plugins");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../../outside", "/etc/hostname", "data/../../one"})
  void aFileOutsideIsNotRead(String name) throws IOException {
    ObjectNode manifest = manifest();
    manifest.withObject("/files").putObject(name).put("bytes", 1).put("sha256", "00");
    seal(manifest);

    assertThat(refusal()).hasMessageContainingAll("manifest.json names '" + name + "' outside it");
  }

  @Test
  void aLinkOutOfTheBundleIsNotFollowed() throws IOException {
    seal(manifest());
    Path file = bundle.resolve("data/dataset.json");
    Path outside = Files.move(file, folder.resolve("moved"), StandardCopyOption.REPLACE_EXISTING);
    Files.createSymbolicLink(file, outside);
    try {
      assertThat(refusal())
          .hasMessageStartingWith("[bundle/DAMAGED]")
          .hasMessageContaining(file + " is a link that leads out of the bundle");
    } finally {
      Files.move(outside, file, StandardCopyOption.REPLACE_EXISTING);
    }
    Path link = Files.createSymbolicLink(folder.resolve("link"), bundle);
    Scorer.load(link).close();
  }

  @Test
  void aModelLargerThanItsFilesIsNotAllocated() throws IOException {
    ObjectNode manifest = manifest();
    manifest.withObject("/config/model").put("embeddingSize", 4096);
    seal(manifest);

    assertThat(refusal())
        .hasMessageStartingWith("[bundle/DAMAGED]")
        .hasMessageContaining("does not hold the");
  }

  @Test
  void aCalibrationWithoutASlopeIsNone() throws IOException {
    ObjectNode manifest = manifest();
    ((ObjectNode) manifest.at("/training/calibration/scenarios/0")).remove("slope");
    seal(manifest);

    assertThat(refusal())
        .hasMessageStartingWith("[bundle/DAMAGED] " + bundle.resolve("manifest.json"))
        .hasMessageContaining("has a broken training.calibration: ")
        .hasMessageContaining("'slope'");
  }

  @Test
  void anotherVersionOfAPluginIsToldOnce() throws IOException {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("org.llm4msr.runtime.bundle.PluginStamps");
    logger.addAppender(log);
    try {
      seal(manifest());
      Scorer.load(bundle).close();
      assertThat(log.list).isEmpty();

      ObjectNode manifest = manifest();
      for (JsonNode plugin : manifest.withArray("plugins")) {
        ((ObjectNode) plugin).put("version", "0.0.7").remove("digest"); // As in earlier releases.
      }
      seal(manifest);
      Scorer.load(bundle).close();
      assertThat(log.list)
          .extracting(ILoggingEvent::getFormattedMessage)
          .anySatisfy(
              text ->
                  assertThat(text)
                      .startsWith(
                          bundle + " was trained with version 0.0.7 of the plugin shared-bottom"))
          .hasSize(2); // The head, too; the reader has no say in scores.
    } finally {
      logger.detachAppender(log);
    }
  }

  private static ObjectNode manifest() throws IOException {
    return (ObjectNode) JSON.readTree(original);
  }

  private static void seal(ObjectNode manifest) throws IOException {
    byte[] content = JSON.writeValueAsBytes(manifest);
    Files.write(bundle.resolve("manifest.json"), content);
    Files.writeString(
        bundle.resolve("manifest.json.sha256"),
        DigestUtils.sha256Hex(content) + "  manifest.json\n",
        UTF_8);
  }

  private static MsrException refusal() {
    MsrException error = catchThrowableOfType(MsrException.class, () -> Scorer.load(bundle));
    assertThat(error).as("a refusal").isNotNull();
    return error;
  }
}

package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.slf4j.LoggerFactory;

/** A run that other versions of its plugins go on with. */
class PluginVersionsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @Test
  void aRunTellsOfOtherVersionsOfItsPlugins() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 200, 600, 90, List.of("feed", "search"));
    Experiment experiment =
        Experiment.fromYaml(shop.experiment(), "model.fusion=none", "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    Path run = experiment.train("one", Progress.NONE).run();
    assertThat(warnings(experiment)).isEmpty();

    Path file = run.resolve("provenance.json");
    ObjectNode provenance = (ObjectNode) JSON.readTree(file.toFile());
    assertThat(provenance.path("plugins").findValuesAsText("name"))
        .containsExactly("table", "mmoe", "none");
    for (JsonNode plugin : provenance.path("plugins")) {
      ((ObjectNode) plugin).put("version", "0.0.7").remove("digest"); // As in earlier releases.
    }
    JSON.writeValue(file.toFile(), provenance);
    assertThat(warnings(experiment))
        .hasSize(2) // The head, too; the reader was asked when data was prepared.
        .first()
        .asString()
        .startsWith(run + " was trained with version 0.0.7 of the plugin mmoe, and this");

    ((ObjectNode) provenance.path("plugins").get(1)).putNull("version");
    JSON.writeValue(file.toFile(), provenance);
    assertThatThrownBy(() -> warnings(experiment))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[training/RUN_FOLDER] " + file + " cannot be read: ")
        .hasMessageContaining("version is null");

    provenance.remove("plugins");
    JSON.writeValue(file.toFile(), provenance);
    assertThat(warnings(experiment)).as("a run that does not say").isEmpty();
  }

  private static List<String> warnings(Experiment experiment) {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("org.llm4msr.runtime.bundle.PluginStamps");
    logger.addAppender(log);
    try {
      experiment.evaluate("one", Split.VALIDATION, null, Progress.NONE);
    } finally {
      logger.detachAppender(log);
    }
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}

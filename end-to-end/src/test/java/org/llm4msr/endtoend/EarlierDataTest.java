package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.slf4j.LoggerFactory;

/** Prepared data of earlier releases is read, and told of where it was wrong. */
class EarlierDataTest {

  @TempDir Path folder;

  @Test
  void warnsOfDataInWhichDrawnNegativesMadeValuesFrequent() throws IOException {
    SmallShop.write(folder, 1, 1000, 300, 30, List.of("a", "b"));
    List<String> settings = new ArrayList<>(List.of(SmallShop.PLAIN));
    settings.add("dataset.label=''");
    settings.add("dataset.negatives={perPositive: 2}");
    Path file = folder.resolve("experiment.yaml");
    Experiment experiment = Experiment.fromYaml(file, settings.toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    assertThat(warnings(experiment)).isEmpty();
    Path manifest = folder.resolve("work/prepared/dataset.json");
    String text = Files.readString(manifest);

    Files.writeString(manifest, text.replaceFirst("\"loggedFrequency\"[^,]*,", ""));

    assertThat(warnings(experiment))
        .singleElement()
        .asString()
        .contains("According to %s, drawn negatives made values frequent".formatted(manifest))
        .contains("`llm4msr data prepare --force %s` prepares the data without.".formatted(file));
  }

  private static List<ILoggingEvent> warnings(Experiment experiment) {
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger =
        (Logger) LoggerFactory.getLogger("org.llm4msr.runtime.experiment.PreparedSettings");
    logger.addAppender(log);
    try {
      experiment.openPrepared().close();
    } finally {
      logger.detachAppender(log);
    }
    return log.list;
  }
}

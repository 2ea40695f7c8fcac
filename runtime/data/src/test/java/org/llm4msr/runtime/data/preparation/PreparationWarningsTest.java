package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.SplitConfig;
import org.slf4j.LoggerFactory;

/** What preparation tells of data that it can prepare, but that is hardly as it was meant. */
class PreparationWarningsTest {

  private static final int ROWS = 60;

  @TempDir Path folder;

  private static <T> List<T> column(IntFunction<T> value) {
    return IntStream.range(0, ROWS).mapToObj(value).toList();
  }

  private static ListReader reader(IntFunction<String> user, IntFunction<String> part) {
    return new ListReader()
        .table(
            RawTable.INTERACTIONS,
            "user",
            column(user),
            "item",
            column(row -> "i" + row % 3),
            "scenario",
            column(row -> row % 2 == 0 ? "feed" : "search"),
            "label",
            column(row -> row % 5 == 0 ? 1L : 0L),
            "split",
            column(part));
  }

  private List<String> warnings(Class<?> of, ListReader reader, SplitConfig.By by) {
    Logger logger = (Logger) LoggerFactory.getLogger(of);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    try {
      Preparations.prepare(
              reader, Preparations.config(Preparations.split(by), 1), folder.resolve("data"))
          .close();
    } finally {
      logger.detachAppender(lines);
    }
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  /** Of 60 rows 40 train, with each of the six pairs. */
  @Test
  void repeatedRowsOfARandomSplitAreCounted() {
    assertThat(warnings(SplitPlan.class, reader(row -> "u", row -> "train"), SplitConfig.By.RANDOM))
        .containsExactly(
            "20 rows of validation and test repeat user, item, scenario and time of a training row,"
                + " so that their labels may be known. Remove repeated rows, or split by time.");
  }

  @Test
  void rowsThatDifferAreNoneOfThem() {
    ListReader different = reader(row -> "u" + row, row -> "train");
    assertThat(warnings(SplitPlan.class, different, SplitConfig.By.RANDOM)).isEmpty();
  }

  @Test
  void scenariosWithoutValidationRowsAreNamed() {
    IntFunction<String> part =
        row -> row < 40 ? "train" : row < 50 && row % 2 == 0 ? "validation" : "test";
    assertThat(warnings(DatasetPreparation.class, reader(row -> "u", part), SplitConfig.By.GIVEN))
        .containsExactly(
            "The scenarios [search] have no validation rows: they are calibrated as all others"
                + " together.");
  }

  @Test
  void scenariosOfDataWithoutValidationAreNotNamed() {
    IntFunction<String> part = row -> row < 40 ? "train" : "test";
    assertThat(warnings(DatasetPreparation.class, reader(row -> "u", part), SplitConfig.By.GIVEN))
        .isEmpty();
  }

  @Test
  void dataWithoutRowsIsAnError() {
    ListReader none =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                "user",
                List.of(),
                "item",
                List.of(),
                "scenario",
                List.of(),
                "label",
                List.of());
    assertThatThrownBy(() -> warnings(SplitPlan.class, none, SplitConfig.By.RANDOM))
        .hasMessageContaining(
            "[data/NO_ROWS] There are no interactions to prepare: the files have none,");
  }
}

package org.llm4msr.plugins.datasets.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.ItemTexts;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;

/**
 * Writes impressions and news in the schema of MIND: five articles per impression, the last sixth
 * in the development part. A tenth of the articles is only there, two fifths are in both parts.
 */
final class MindGenerator implements DatasetGenerator {

  private static final List<String> CATEGORIES = List.of("news", "lifestyle", "sports", "finance");
  private static final Instant BEGIN = Instant.parse("2019-11-09T00:00:00Z");
  private static final Duration SPAN = Duration.ofDays(7);
  private static final int SHOWN = 5;
  private static final int LONGEST_HISTORY = 10;
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("M/d/yyyy h:mm:ss a", Locale.ENGLISH);

  private final LogSizeConfig config;
  private final Path folder;
  private final DrawnLog log;

  MindGenerator(LogSizeConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    log = new DrawnLog(config, CATEGORIES, true, SHOWN);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    Path train = Files.createDirectories(folder.resolve("MINDsmall_train"));
    Path dev = Files.createDirectories(folder.resolve("MINDsmall_dev"));
    news(train, item -> item % 10 != 9);
    news(dev, item -> item % 2 == 1);
    long firstOfDev = config.interactions() * 5 / 6;
    StringBuilder shown = new StringBuilder();
    try (RowWriter early = new RowWriter(train.resolve("behaviors.tsv"), "\t");
        RowWriter late = new RowWriter(dev.resolve("behaviors.tsv"), "\t")) {
      log.draw(
          BEGIN,
          SPAN,
          progress,
          row -> {
            shown.append('N').append(row.item()).append(row.positive() ? "-1" : "-0");
            if (row.number() % SHOWN < SHOWN - 1 && row.number() < config.interactions() - 1) {
              shown.append(' ');
              return;
            }
            String time = CLOCK.format(Instant.ofEpochMilli(row.time()).atZone(ZoneOffset.UTC));
            RowWriter file = row.number() < firstOfDev ? early : late;
            file.row(row.number() / SHOWN + 1, "U" + row.user(), time, history(row.user()), shown);
            shown.setLength(0);
          });
    }
    log.label(folder, "MIND-small", "{ name: mind, path: . }");
  }

  /** Returns articles read before the log; some users have none. */
  private String history(int user) {
    SplittableRandom random = new SplittableRandom(config.seed() + 31L * user);
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(LONGEST_HISTORY); i > 0; i--) {
      text.append('N').append(random.nextInt(config.items())).append(' ');
    }
    return text.toString().strip();
  }

  private void news(Path part, IntPredicate included) throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    try (RowWriter file = new RowWriter(part.resolve("news.tsv"), "\t")) {
      for (int item = 0; item < config.items(); item++) {
        if (included.test(item)) {
          file.row(
              "N" + item,
              CATEGORIES.get(log.scenario(item)),
              texts.topic(item).name().toLowerCase(Locale.ROOT).replace(" ", ""),
              "The \"" + texts.title(item) + "\"",
              item % 3 == 0 ? "" : "All about " + texts.topic(item).name() + ".",
              "https://assets.msn.com/" + item,
              entities(texts, item),
              item % 3 == 0 ? "[]" : entities(texts, item));
        }
      }
    }
  }

  private static String entities(ItemTexts texts, int item) {
    String name = texts.topic(item).name();
    return "[{\"Label\": \"%1$s\", \"Type\": \"C\", \"WikidataId\": \"Q%2$d\", \"Confidence\": 1.0, \"OccurrenceOffsets\": [4], \"SurfaceForms\": [\"%1$s\"]}]"
        .formatted(name, texts.topicId(item) + 1);
  }
}

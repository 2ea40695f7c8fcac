package org.llm4msr.plugins.datasets.generator;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.ItemTexts;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;
import org.llm4msr.plugins.datasets.generator.log.Topics;

/** Writes CSV tables of a shop; {@code GENERATED.json} describes them to the reader table. */
final class TableGenerator implements DatasetGenerator {

  private static final List<String> PAGES = List.of("feed", "search", "cart");
  private static final Instant BEGIN = Instant.parse("2024-01-01T00:00:00Z");
  private static final Duration SPAN = Duration.ofDays(60);
  private static final String COLUMNS = "user,item,page,label,time,price,weight,liked,price_paid";
  private static final String[] CITIES = {"Paris", "Köln", "\"Frankfurt, Main\"", ""};

  private static final String DATASET =
      "{ name: table, path: ., files: [interactions.csv], scenario: page, time: time,"
          + " weight: weight, fields: [{ column: price, kind: numeric }, { name: price_range, column: price, kind: bucketed,"
          + " buckets: 10 }, { column: visits, kind: numeric }, { column: city, table: users }, { column:"
          + " brand, table: items }, { column: tags, table: items, kind: multi_categorical, weights:"
          + " tag_scores }, { name: tag_hash, column: tags, table: items, kind: multi_hashed, buckets:"
          + " 64, weights: tag_scores }], users: {"
          + " files: [users.csv], key: user, text: [city] }, items: { files: [items.csv], key: item,"
          + " text: [title] }, features: [{ files: [visits.csv], key: [user], time: time, columns:"
          + " [visits] }], labels: [{ name: liked }, { name: bought, column: price_paid, positiveAbove:"
          + " 0 }] }";

  private final LogSizeConfig config;
  private final Path folder;
  private final DrawnLog log;
  private final SplittableRandom random;
  private final SplittableRandom weights;
  private final SplittableRandom signals;

  TableGenerator(LogSizeConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    log = new DrawnLog(config, PAGES, false, 1);
    random = new SplittableRandom(config.seed() + 2);
    weights = new SplittableRandom(config.seed() + 3);
    signals = new SplittableRandom(config.seed() + 4);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    users();
    items();
    visits();
    try (RowWriter file = file("interactions", COLUMNS)) {
      log.draw(
          BEGIN,
          SPAN,
          progress,
          row ->
              file.row(
                  row.user(),
                  row.item(),
                  PAGES.get(row.scenario()),
                  row.positive() ? 1 : 0,
                  row.time() / 1000,
                  random.nextInt(20) == 0 ? "" : random.nextInt(10_000) / 100.0,
                  weights.nextInt(20) == 0 ? "" : (1 + weights.nextInt(20)) / 10.0,
                  liked(row),
                  row.positive() && signals.nextInt(4) == 0 ? 9.99 : 0));
    }
    log.label(folder, "tables", DATASET);
  }

  /** Nobody can like anything in the cart; some items are liked more than others. */
  private Object liked(DrawnLog.Interaction row) {
    if (PAGES.get(row.scenario()).equals("cart")) {
      return "";
    }
    return row.positive() && signals.nextInt(10) < (row.item() % 2 == 0 ? 6 : 2) ? 1 : 0;
  }

  private RowWriter file(String name, String columns) throws IOException {
    return new RowWriter(folder.resolve(name + ".csv"), ",").row(columns);
  }

  private void users() throws IOException {
    try (RowWriter file = file("users", "user,city")) {
      for (int user = 0; user < config.users(); user++) {
        file.row(user, CITIES[log.model().sectorOfUser(user, CITIES.length)]);
      }
    }
  }

  /** Counts the visits of each user at the end of some days. */
  private void visits() throws IOException {
    SplittableRandom own = new SplittableRandom(config.seed() + 3);
    try (RowWriter file = file("visits", "user,time,visits")) {
      for (int user = 0; user < config.users(); user++) {
        int visits = 0;
        for (long day = own.nextInt(20); day < SPAN.toDays(); day += 1 + own.nextInt(20)) {
          visits += 1 + own.nextInt(5);
          file.row(user, BEGIN.plus(Duration.ofDays(day + 1)).getEpochSecond(), visits);
        }
      }
    }
  }

  private void items() throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    SplittableRandom scores = new SplittableRandom(config.seed() + 4);
    try (RowWriter file = file("items", "item,title,brand,tags,tag_scores")) {
      for (int item = 0; item < config.items(); item++) {
        Topics.Topic topic = texts.topic(item);
        String tags = item % 10 == 0 ? "" : topic.name() + "|" + topic.domain();
        String weights = (1 + scores.nextInt(20)) / 10.0 + "|" + (1 + scores.nextInt(20)) / 10.0;
        file.row(
            item,
            RowWriter.quoted("The " + texts.title(item) + ", new"),
            topic.domain(),
            tags,
            tags.isEmpty() ? "" : weights);
      }
    }
  }
}

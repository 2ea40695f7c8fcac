package org.llm4msr.plugins.datasets.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.ItemTexts;
import org.llm4msr.plugins.datasets.generator.log.LogSizeConfig;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;

/**
 * Writes reviews of books, music and films in the schema of Douban; a positive is a rating above 3.
 * In addition to the requested rows, one in a hundred has no time, and the reader leaves it out.
 */
final class DoubanGenerator implements DatasetGenerator {

  private static final List<String> DOMAINS = List.of("book", "music", "movie");
  private static final List<String> COLUMNS =
      List.of(
          "user_id,book_id,rating,labels,comment,time,ID",
          "user_id,music_id,rating,labels,comment,useful_num,time,ID",
          "user_id,movie_id,rating,comment,time,labels,useful_num,CategoryID,ID");
  private static final List<String> ITEM_FILES =
      List.of("books_cleaned", "music_cleaned", "movies_cleaned");
  private static final String[] CITIES = {"北京", "上海", "广州", ""};
  private static final Instant BEGIN = Instant.parse("2008-01-01T00:00:00Z");
  private static final Duration SPAN = Duration.ofDays(3_000);
  private static final int UNTIMED_EVERY = 100;

  private final LogSizeConfig config;
  private final Path folder;
  private final DrawnLog log;
  private final SplittableRandom random;

  DoubanGenerator(LogSizeConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    log = new DrawnLog(config, DOMAINS, true, 1);
    random = new SplittableRandom(config.seed() + 2);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    Files.createDirectories(folder.resolve("douban_dataset(text information)"));
    users();
    items();
    List<RowWriter> reviews = new ArrayList<>();
    try {
      for (int domain = 0; domain < DOMAINS.size(); domain++) {
        reviews.add(file(DOMAINS.get(domain) + "reviews_cleaned", COLUMNS.get(domain)));
      }
      log.draw(
          BEGIN,
          SPAN,
          progress,
          row -> {
            LocalDate day = LocalDate.ofInstant(Instant.ofEpochMilli(row.time()), ZoneOffset.UTC);
            write(reviews.get(row.scenario()), row, day.toString());
            if (row.number() % UNTIMED_EVERY == 0) {
              write(reviews.get(row.scenario()), row, "");
            }
          });
    } finally {
      for (RowWriter file : reviews) {
        file.close();
      }
    }
    log.label(folder, "Douban", "{ name: douban, path: . }");
  }

  private RowWriter file(String name, String columns) throws IOException {
    Path file = folder.resolve("douban_dataset(text information)").resolve(name + ".txt");
    return new RowWriter(file, "\t").row(texts((Object[]) columns.split(",")));
  }

  private static Object[] texts(Object... values) {
    return Arrays.stream(values).map(RowWriter::quoted).toArray();
  }

  private void write(RowWriter file, DrawnLog.Interaction row, String day) throws IOException {
    int rating = row.positive() ? 4 + random.nextInt(2) : 1 + random.nextInt(3);
    String labels = "标签|second";
    String comment = "He said \"fine\",\tthen left";
    Object[] values =
        switch (row.scenario()) {
          case 0 -> texts(row.user(), row.item(), rating, labels, comment, day, row.number());
          case 1 -> texts(row.user(), row.item(), rating, labels, comment, 0, day, row.number());
          default ->
              texts(row.user(), row.item(), rating, comment, day, labels, 0, 1, row.number());
        };
    file.row(values);
  }

  private void users() throws IOException {
    try (RowWriter file =
        file("users_cleaned", "user_id,living_place,join_time,self_statement,UID")) {
      for (int user = 0; user < config.users(); user++) {
        String city = CITIES[log.model().sectorOfUser(user, CITIES.length)];
        String joined = 2005 + random.nextInt(3) + "-07-10";
        file.row(texts("name" + user, city, joined, "", user));
      }
    }
  }

  private void items() throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    for (int domain = 0; domain < DOMAINS.size(); domain++) {
      String columns = "UID," + DOMAINS.get(domain) + "_id,name,tag";
      try (RowWriter file = file(ITEM_FILES.get(domain), columns)) {
        for (int item = domain; item < config.items(); item += DOMAINS.size()) {
          String name = "《" + texts.title(item) + "》";
          file.row(texts(item, 1_000_000 + item, name, texts.topic(item).name()));
        }
      }
    }
  }
}

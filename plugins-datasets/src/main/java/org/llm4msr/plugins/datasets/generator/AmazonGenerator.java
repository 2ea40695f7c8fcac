package org.llm4msr.plugins.datasets.generator;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.ItemTexts;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;

/**
 * Writes reviews and products of three categories in the form of Amazon's releases: as compressed
 * JSON lines, the products of 2014 as Python literals. A positive is a rating above 3. The first
 * product of each category is described in the others as well. With parts, the reviews of 2023 are
 * those of {@link AmazonPartFiles}.
 */
final class AmazonGenerator implements DatasetGenerator {

  private static final List<String> CATEGORIES =
      List.of("Beauty", "Clothing_Shoes_and_Jewelry", "Health_and_Personal_Care");
  private static final Instant BEGIN = Instant.parse("2012-01-01T00:00:00Z");
  private static final Duration SPAN = Duration.ofDays(900);
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("MM d, yyyy", Locale.ROOT);

  private final ObjectMapper json = new ObjectMapper();
  private final AmazonGeneratorConfig config;
  private final Path folder;
  private final int year;
  private final DrawnLog log;
  private final ItemTexts texts;
  private final SplittableRandom random;

  AmazonGenerator(AmazonGeneratorConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    year = Integer.parseInt(config.release());
    if (config.parts() && year != 2023) {
      throw new MsrException(
          ErrorType.USER,
          "data/NO_PARTS",
          "Amazon's release of %s has no files of parts. Set release to 2023, or parts to false."
              .formatted(config.release()));
    }
    if (config.history() && !config.parts()) {
      throw new MsrException(
          ErrorType.USER,
          "data/NO_HISTORY",
          "Only files of parts have a history. Set parts to true, or history to false.");
    }
    log = new DrawnLog(config.size(), CATEGORIES, true, 1);
    texts = new ItemTexts(log.model(), config.seed());
    random = new SplittableRandom(config.seed() + 2);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    for (int category = 0; category < CATEGORIES.size(); category++) {
      products(category);
    }
    if (config.parts()) {
      try (AmazonPartFiles files = new AmazonPartFiles(config, folder, CATEGORIES)) {
        log.draw(BEGIN, SPAN, progress, row -> files.write(row, rating(row)));
      }
    } else {
      reviews(progress);
    }
    log.label(
        folder, "Amazon " + config.release(), "{ name: amazon, path: .%s }".formatted(parts()));
  }

  /** Returns the settings that read files of parts. */
  private String parts() {
    String history = config.history() ? ", history: true" : "";
    return config.parts() ? ", parts: true" + history + ", split: { by: given }" : "";
  }

  private void reviews(Progress progress) throws IOException {
    List<RowWriter> files = new ArrayList<>();
    try {
      for (String category : CATEGORIES) {
        files.add(new RowWriter(folder.resolve(reviewFile(category)), ""));
      }
      log.draw(
          BEGIN,
          SPAN,
          progress,
          row -> files.get(row.scenario()).row(json.writeValueAsString(review(row))));
    } finally {
      for (RowWriter file : files) {
        file.close();
      }
    }
  }

  private double rating(DrawnLog.Interaction row) {
    return row.positive() ? 4 + random.nextInt(2) : 1 + random.nextInt(3);
  }

  private String reviewFile(String category) {
    return switch (year) {
      case 2014 -> "reviews_" + category + "_5.json.gz";
      case 2018 -> category + "_5.json.gz";
      default -> category + ".jsonl.gz";
    };
  }

  private Map<String, Object> review(DrawnLog.Interaction row) {
    double rating = rating(row);
    Map<String, Object> map = new LinkedHashMap<>();
    String text = "It's \"" + texts.topic(row.item()).name() + "\",\n\u00e0 " + rating;
    if (year == 2023) {
      map.put("rating", rating);
      map.put("title", "Title");
      map.put("text", text);
      map.put("images", List.of());
      map.put("asin", product(row.item()));
      map.put("parent_asin", product(row.item()));
      map.put("user_id", reviewer(row.user()));
      map.put("timestamp", row.time());
      map.put("helpful_vote", random.nextInt(5));
      map.put("verified_purchase", random.nextBoolean());
      return map;
    }
    ZonedDateTime day = Instant.ofEpochMilli(row.time()).atZone(ZoneOffset.UTC);
    map.put("reviewerID", reviewer(row.user()));
    map.put("asin", product(row.item()));
    map.put("reviewerName", "Name " + row.user());
    if (year == 2014) {
      map.put("helpful", List.of(0, random.nextInt(3)));
    } else if (random.nextInt(4) == 0) { // Keys of 2018 are absent if they have no value.
      map.put("vote", "1,234");
    }
    map.put("reviewText", text);
    map.put("overall", rating);
    map.put("summary", "Summary");
    map.put("unixReviewTime", row.time() / 1000);
    map.put("reviewTime", DAY.format(day));
    return map;
  }

  private void products(int category) throws IOException {
    String name = "meta_" + CATEGORIES.get(category) + (year == 2023 ? ".jsonl.gz" : ".json.gz");
    try (RowWriter file = new RowWriter(folder.resolve(name), "")) {
      for (int item = 0; item < config.items(); item++) {
        if (log.scenario(item) == category || item < CATEGORIES.size()) {
          Map<String, Object> product = described(item, category);
          file.row(year == 2014 ? pythonLiteral(product) : json.writeValueAsString(product));
        }
      }
    }
  }

  private Map<String, Object> described(int item, int category) {
    List<String> path =
        List.of(CATEGORIES.get(category).replace('_', ' '), texts.topic(item).name());
    String brand = texts.topic(item).domain() + "'s";
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(year == 2023 ? "parent_asin" : "asin", product(item));
    map.put("title", "The \"" + texts.title(item) + "\" & more");
    switch (year) {
      case 2014 -> {
        map.put("price", 9.5);
        map.put("salesRank", Map.of("Beauty", 1 + random.nextInt(1_000)));
        map.put("brand", brand);
        map.put("categories", List.of(path));
      }
      case 2018 -> {
        map.put("brand", brand);
        map.put("category", path);
        map.put("price", "$9.50");
        if (item % 100 == 99) { // Titles that contain a script of the page.
          map.put("title", "var aPageStart = (new Date()).getTime();");
        }
      }
      default -> {
        map.put("average_rating", 4.5);
        map.put("store", brand);
        map.put("categories", path);
        map.put("details", Map.of());
      }
    }
    return map;
  }

  static String reviewer(int user) {
    return "A%09X".formatted(user);
  }

  static String product(int item) {
    return String.format(Locale.ROOT, "B%09d", item);
  }

  /** Returns what Python prints: single quotes, unless the text has some and no double ones. */
  private static String pythonLiteral(Object value) {
    if (value instanceof Map<?, ?> map) {
      List<String> entries = new ArrayList<>();
      map.forEach((key, of) -> entries.add(pythonLiteral(key) + ": " + pythonLiteral(of)));
      return "{" + String.join(", ", entries) + "}";
    }
    if (value instanceof List<?> list) {
      return "["
          + String.join(", ", list.stream().map(AmazonGenerator::pythonLiteral).toList())
          + "]";
    }
    if (value instanceof String text) {
      return text.contains("'") && !text.contains("\"")
          ? '"' + text + '"'
          : "'" + text.replace("'", "\\'") + "'";
    }
    return String.valueOf(value);
  }
}

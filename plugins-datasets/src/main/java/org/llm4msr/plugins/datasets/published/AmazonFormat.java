package org.llm4msr.plugins.datasets.published;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.input.Dialect;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.JsonLines;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.toolkit.database.SqlText;

/**
 * Amazon reviews as queries: the published files of a release, or events and products in {@code
 * interactions.csv} and {@code items.tsv}. A user has the same id in all categories.
 */
final class AmazonFormat {

  private static final List<String> FOLDERS = List.of("5core/rating_only", "0core/rating_only");
  private static final String EVENTS = "interactions.csv";
  private static final String HISTORY = "history";
  private static final String FILES =
      ".*\\.json|.*\\.json\\.gz|.*\\.jsonl|.*\\.jsonl\\.gz|.*\\.csv|.*\\.csv\\.gz|.*\\.zip";
  private static final Dialect HEADLESS = new Dialect(",", "\"", false, UTF_8);
  private static final Dialect TAB = new Dialect("\t", "", true, UTF_8);

  private final AmazonConfig config;
  private final RawDatabase database;
  private final RawFolder given;
  private final RawFolder folder;
  private final List<Path> sources = new ArrayList<>();
  private final List<CsvTable> csvTables = new ArrayList<>();
  private final List<LogFile> logFiles = new ArrayList<>();
  private final List<JsonLines> jsonLines = new ArrayList<>();
  private List<String> categories;

  AmazonFormat(AmazonConfig config, Path path, RawDatabase database) {
    this.config = config;
    this.database = database;
    categories = config.categories();
    if (config.history() && !config.parts()) {
      throw new MsrException(
          ErrorType.USER,
          "data/NO_HISTORY",
          "Only files of parts, in folders such as last_out_w_his, have a history. Set dataset.parts to true, or history to false.");
    }
    given = new RawFolder(path);
    folder =
        config.parts()
            ? RawFolder.with(path, AmazonParts.FOLDERS, AmazonParts.FILES)
            : RawFolder.with(path, FOLDERS, FILES);
  }

  DatasetReader reader() {
    if (config.parts()) {
      return parts();
    }
    return folder.optional(EVENTS).isPresent() ? events() : releases();
  }

  private DatasetReader events() {
    if (config.label() == AmazonConfig.Label.RATING) {
      throw new MsrException(
          ErrorType.USER,
          "data/NO_RATING",
          folder.file(EVENTS)
              + " has no ratings. Set dataset.label to review, and dataset.negatives.perPositive to"
              + " the negatives that are drawn for each.");
    }
    CsvTable log = log(CsvTable.open(database, List.of(folder.file(EVENTS))));
    log.require("user_id", "asin", "category", "timestamp").type("BIGINT", "timestamp");
    log.present("user_id", "asin", "category").seconds("timestamp");
    String chosen =
        config.categories().stream().map(SqlText::literal).collect(joining(", ", " IN (", ")"));
    String interactions =
        "SELECT user_id AS user, asin AS item, category AS scenario, 1 AS label, timestamp * 1000 AS time FROM "
            + log.scan()
            + (config.categories().isEmpty() ? "" : " WHERE category" + chosen);
    if (!config.metadata()) {
      return reader(interactions, "", false);
    }
    CsvTable items = csv(CsvTable.open(database, List.of(folder.file("items.tsv")), TAB));
    items.require("asin", "title").present("asin");
    return reader(
        interactions,
        "SELECT asin AS item, title, 0 AS f, row_number() OVER () AS n FROM " + items.scan(),
        false);
  }

  private DatasetReader releases() {
    AmazonFiles files = AmazonFiles.find(folder, config);
    categories = List.copyOf(files.reviews().keySet());
    List<String> interactions = new ArrayList<>();
    files
        .reviews()
        .forEach(
            (category, reviews) ->
                interactions.add(
                    "SELECT user, item, %s AS scenario, %s AS label, time FROM (%s)"
                        .formatted(SqlText.literal(category), label(), reviews(reviews))));
    List<String> items = new ArrayList<>();
    files.metadata().values().forEach(file -> items.add(products(file, items.size())));
    return reader(
        String.join(" UNION ALL ", interactions), String.join(" UNION ALL ", items), true);
  }

  /** The products are beside the parts, or in the given folder. */
  private DatasetReader parts() {
    AmazonParts parts = AmazonParts.find(folder, config);
    categories = List.copyOf(parts.files().keySet());
    List<String> interactions = new ArrayList<>();
    parts
        .files()
        .forEach(
            (category, files) ->
                files.forEach((part, file) -> interactions.add(part(category, part, file))));
    List<String> items = new ArrayList<>();
    if (config.metadata()) {
      Map<String, Path> metadata = AmazonFiles.metadata(folder, categories);
      (metadata.isEmpty() ? AmazonFiles.metadata(given, categories) : metadata)
          .values()
          .forEach(file -> items.add(products(file, items.size())));
    }
    return reader(
        String.join(" UNION ALL ", interactions), String.join(" UNION ALL ", items), true);
  }

  private String part(String category, String part, Path file) {
    CsvTable table = ratings(file);
    String history = "";
    if (config.history()) {
      table.require(HISTORY);
      history = ", " + Sql.split(HISTORY, " ") + " AS " + HISTORY;
    }
    return "SELECT user_id AS user, parent_asin AS item, %s AS scenario, %s AS label, timestamp AS time, %s AS split%s FROM %s"
        .formatted(
            SqlText.literal(category), label(), SqlText.literal(part), history, table.scan());
  }

  private String label() {
    return config.label() == AmazonConfig.Label.REVIEW
        ? "1"
        : Sql.above("rating", config.positiveAbove());
  }

  private String reviews(AmazonFiles.Reviews reviews) {
    return switch (reviews.form()) {
      case JSON_2018 ->
          "SELECT user, item, rating, time * 1000 AS time FROM (%s)"
              .formatted(json(reviews.file(), "asin", "reviewerID", "overall", "unixReviewTime"));
      case JSON_2023 ->
          json(reviews.file(), "parent_asin", "user_id", "rating", "timestamp", "sortTimestamp");
      case RATINGS_2014 -> headless(reviews.file(), List.of("user", "item", "rating", "time"));
      case RATINGS_2018 -> headless(reviews.file(), List.of("item", "user", "rating", "time"));
      case RATINGS_2023 ->
          "SELECT user_id AS user, parent_asin AS item, rating, timestamp AS time FROM "
              + ratings(reviews.file()).scan();
    };
  }

  /** Opens a file of 2023 with a header. */
  private CsvTable ratings(Path file) {
    CsvTable table = log(CsvTable.open(database, List.of(file)));
    table.require("user_id", "parent_asin", "rating", "timestamp");
    table.type("DOUBLE", "rating").type("BIGINT", "timestamp");
    return table.present("user_id", "parent_asin").finite("rating").milliseconds("timestamp");
  }

  private String json(Path file, String item, String user, String rating, String... time) {
    sources.add(file);
    logFiles.add(new LogFile(file, false, true));
    JsonLines lines =
        JsonLines.open(database, file)
            .required("user", JsonLines.TEXT, user)
            .required("item", JsonLines.TEXT, item, "asin")
            .required("rating", JsonLines.NUMBER, rating)
            .time("time", time);
    jsonLines.add(lines);
    return lines.query();
  }

  private String headless(Path file, List<String> columns) {
    CsvTable table = log(CsvTable.headless(database, List.of(file), HEADLESS, columns));
    table.type("DOUBLE", "rating").type("BIGINT", "time");
    table.present("user", "item").finite("rating").seconds("time");
    return "SELECT user, item, rating, time * 1000 AS time FROM " + table.scan();
  }

  /** A product's path of categories: nested lists in 2014, one list later. */
  private String products(Path file, int number) {
    sources.add(file);
    boolean flat = file.toString().contains(".jsonl");
    JsonLines lines =
        JsonLines.open(database, file)
            .required("item", JsonLines.TEXT, flat ? "parent_asin" : "asin", "asin")
            .optional("title", JsonLines.TEXT, "title")
            .optional("brand", JsonLines.TEXT, "brand", "store");
    if (flat) {
      lines.optional("path", JsonLines.TEXTS, "categories");
    } else {
      lines.optional("one", JsonLines.TEXTS, "category");
      lines.optional("several", JsonLines.LISTS, "categories");
    }
    jsonLines.add(lines);
    return "SELECT item, title, brand, %s AS categories, %s AS f, n FROM (%s)"
        .formatted(
            flat ? "path" : "coalesce(one, list_sort(list_distinct(flatten(several))))",
            number,
            lines.query());
  }

  private CsvTable log(CsvTable table) {
    logFiles.addAll(table.log(true));
    return csv(table);
  }

  private CsvTable csv(CsvTable table) {
    sources.addAll(table.files());
    csvTables.add(table);
    return table;
  }

  /**
   * Makes the reader.
   *
   * @param items a query for the products with their places f and n, or empty
   * @param features whether products have brand and categories
   */
  private DatasetReader reader(String interactions, String items, boolean features) {
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    queries.put(RawTable.INTERACTIONS, interactions);
    Fields fields = Fields.ofInteractions();
    if (config.history()) {
      fields.lists(RawTable.INTERACTIONS, FieldRole.USER, HISTORY);
    }
    if (config.sharedHistory()) {
      fields.shareWithItem(HISTORY);
    }
    if (!items.isEmpty()) {
      queries.put(RawTable.ITEMS, once(items, features));
      if (features) {
        fields.categorical(RawTable.ITEMS, FieldRole.AUTHOR, "brand");
        fields.lists(RawTable.ITEMS, FieldRole.ITEM, "categories");
      }
    }
    String rule =
        config.label() == AmazonConfig.Label.REVIEW
            ? "every review"
            : "rating > " + config.positiveAbove();
    RawSchema schema =
        new RawSchema(
            List.copyOf(queries.keySet()),
            fields.list(),
            true,
            config.parts(),
            List.of(),
            items.isEmpty() ? List.of() : List.of("title"),
            rule);
    return new SqlDatasetReader(database, schema, scenarios(), sources, csvTables, queries)
        .skipping(jsonLines)
        .logging(logFiles);
  }

  /** A product can be in several categories; some titles of 2018 contain a script of the page. */
  private static String once(String items, boolean features) {
    return "SELECT item, CASE WHEN contains(title, 'getTime') THEN NULL ELSE title END AS title"
        + (features ? ", nullif(brand, '') AS brand, categories" : "")
        + " FROM (SELECT * FROM ("
        + items
        + ") QUALIFY row_number() OVER (PARTITION BY item ORDER BY f, n) = 1) ORDER BY f, n";
  }

  private List<RawScenario> scenarios() {
    return categories.stream()
        .map(
            category -> {
              String name = category.replace('_', ' ');
              return new RawScenario(
                  category, name, "Reviews of products in the category " + name + " of Amazon.");
            })
        .toList();
  }
}

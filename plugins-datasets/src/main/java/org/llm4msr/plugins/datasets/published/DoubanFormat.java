package org.llm4msr.plugins.datasets.published;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.input.Dialect;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.toolkit.database.SqlText;

/**
 * Douban as queries: the published reviews, or {@code train.csv}, {@code val.csv} and {@code
 * test.csv} of numbers. Items of different domains share numbers in the reviews, so a key begins
 * with its domain.
 */
final class DoubanFormat {

  private static final List<String> FOLDERS = List.of("douban_dataset(text information)");
  private static final String REVIEWS = "(book|music|movie)reviews_cleaned\\.txt";
  private static final String PARTS = "train\\.csv";
  private static final Dialect TAB = new Dialect("\t", "\"", true, UTF_8);

  private enum Domain {
    BOOK("books_cleaned.txt"),
    MUSIC("music_cleaned.txt"),
    MOVIE("movies_cleaned.txt");

    private final String items;

    Domain(String items) {
      this.items = items;
    }

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final DoubanConfig config;
  private final RawDatabase database;
  private final RawFolder folder;
  private final List<CsvTable> tables = new ArrayList<>();
  private final List<LogFile> reviewFiles = new ArrayList<>();

  /** The described items of each domain. */
  private final Map<Domain, CsvTable> described = new EnumMap<>(Domain.class);

  DoubanFormat(DoubanConfig config, Path path, RawDatabase database) {
    this.config = config;
    this.database = database;
    folder = RawFolder.with(path, FOLDERS, REVIEWS + "|" + PARTS);
  }

  DatasetReader reader() {
    return folder.optional("train.csv").isPresent() ? parts() : reviews();
  }

  private DatasetReader parts() {
    String interactions =
        part("train.csv", "train")
            + " UNION ALL "
            + part("val.csv", "validation")
            + " UNION ALL "
            + part("test.csv", "test");
    RawSchema schema =
        new RawSchema(
            List.of(RawTable.INTERACTIONS),
            Fields.ofInteractions().list(),
            false,
            true,
            List.of(),
            List.of(),
            "label");
    List<RawScenario> scenarios =
        List.of(
            scenario("0", Domain.MUSIC), scenario("1", Domain.BOOK), scenario("2", Domain.MOVIE));
    List<LogFile> log = tables.stream().flatMap(table -> table.log(true).stream()).toList();
    return new SqlDatasetReader(
            database, schema, scenarios, tables, Map.of(RawTable.INTERACTIONS, interactions))
        .logging(log);
  }

  private String part(String file, String split) {
    CsvTable table = csv(CsvTable.open(database, List.of(folder.file(file))));
    table.require("domain", "user", "item", "label");
    table.type("BIGINT", "domain", "user", "item", "label");
    table.present("domain", "user", "item").check("label", "label IN (0, 1)", "0 or 1");
    return "SELECT user, item, domain AS scenario, label, %s AS split FROM %s"
        .formatted(SqlText.literal(split), table.scan());
  }

  private DatasetReader reviews() {
    List<Domain> domains = new ArrayList<>();
    List<String> interactions = new ArrayList<>();
    List<String> items = new ArrayList<>();
    List<String> without = new ArrayList<>();
    for (Domain domain : Domain.values()) {
      if (folder.optional(reviewFile(domain)).isPresent()) {
        domains.add(domain);
        String scan = reviews(domain);
        interactions.add(interactions(domain, scan));
        without.add(
            "SELECT count(*) AS rows FROM " + scan + " WHERE rating IS NULL OR time IS NULL");
        folder.optional(domain.items).ifPresent(file -> items.add(items(domain, file)));
      }
    }
    CsvTable users = csv(CsvTable.open(database, List.of(folder.file("users_cleaned.txt")), TAB));
    users.require("UID", "living_place", "join_time");
    unquoted(users, "UID");
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    queries.put(RawTable.INTERACTIONS, String.join(" UNION ALL ", interactions));
    queries.put(
        RawTable.USERS,
        "SELECT UID AS user, living_place, left(join_time, 4) AS join_year FROM " + users.scan());
    if (!items.isEmpty()) {
      queries.put(RawTable.ITEMS, String.join(" UNION ALL ", items));
    }
    Fields fields = Fields.ofInteractions();
    fields.categorical(RawTable.USERS, FieldRole.USER, "living_place", "join_year");
    RawSchema schema =
        new RawSchema(
            List.copyOf(queries.keySet()),
            fields.list(),
            true,
            false,
            List.of("living_place"),
            items.isEmpty() ? List.of() : List.of("name"),
            "rating > " + config.positiveAbove());
    List<RawScenario> scenarios =
        domains.stream().map(domain -> scenario(domain.key(), domain)).toList();
    SqlDatasetReader reader =
        new SqlDatasetReader(database, schema, scenarios, tables, queries)
            .logging(reviewFiles)
            .describing(RawTable.USERS, users, "UID", "UID");
    described.forEach(
        (domain, table) ->
            reader.describing(
                RawTable.ITEMS, table, itemColumn(domain), key(domain, itemColumn(domain))));
    return reader.leavingOut(
        "reviews without a rating or a time",
        "SELECT sum(rows)::BIGINT FROM (" + String.join(" UNION ALL ", without) + ")");
  }

  private static String reviewFile(Domain domain) {
    return domain.key() + "reviews_cleaned.txt";
  }

  private String reviews(Domain domain) {
    CsvTable table = csv(CsvTable.open(database, List.of(folder.file(reviewFile(domain))), TAB));
    table.require("user_id", domain.key() + "_id", "rating", "time");
    table.type("DOUBLE", "rating").type("TIMESTAMP", "time");
    table.present("user_id", domain.key() + "_id");
    unquoted(table, "user_id");
    unquoted(table, domain.key() + "_id");
    table.check("rating", "rating IS NULL OR isfinite(rating)", "a number");
    reviewFiles.addAll(table.log(false)); // Comments have line breaks.
    return table.scan();
  }

  private String interactions(Domain domain, String scan) {
    return "SELECT user_id AS user, %s AS item, %s AS scenario, %s AS label, epoch_ms(time) AS time FROM %s WHERE rating IS NOT NULL AND time IS NOT NULL"
        .formatted(
            key(domain, domain.key() + "_id"),
            SqlText.literal(domain.key()),
            Sql.above("rating", config.positiveAbove()),
            scan);
  }

  private String items(Domain domain, Path file) {
    CsvTable table = csv(CsvTable.open(database, List.of(file), TAB));
    described.put(domain, table);
    String column = itemColumn(domain);
    table.require(column, "name");
    unquoted(table, column);
    return "SELECT " + key(domain, column) + " AS item, name FROM " + table.scan();
  }

  private String itemColumn(Domain domain) {
    return config.itemColumn() == DoubanConfig.ItemColumn.UID ? "UID" : domain.key() + "_id";
  }

  /** Refuses ids with a quote: if an opening quote is lost, the closing one is taken as text. */
  private static void unquoted(CsvTable table, String column) {
    table.check(column, "NOT contains(" + column + ", '\"')", "an id: it has a quote in it");
  }

  private static String key(Domain domain, String column) {
    return SqlText.literal(domain.key() + ":") + " || " + column;
  }

  private static RawScenario scenario(String key, Domain domain) {
    String items = domain == Domain.MUSIC ? "music" : domain == Domain.BOOK ? "books" : "films";
    return new RawScenario(key, domain.key(), "Ratings of " + items + " by users of Douban.");
  }

  private CsvTable csv(CsvTable table) {
    tables.add(table);
    return table;
  }
}

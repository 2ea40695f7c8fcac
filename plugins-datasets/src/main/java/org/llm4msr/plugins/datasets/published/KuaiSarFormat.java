package org.llm4msr.plugins.datasets.published;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.toolkit.database.SqlText;

/**
 * KuaiSAR as queries. The two releases differ in columns and folder names; the generator adds a
 * column {@code scenario} to {@code rec_inter.csv}, {@code scenarios.csv} and {@code
 * caption_words.csv}.
 */
final class KuaiSarFormat {

  private static final List<String> RELEASES = List.of("KuaiSAR_v2", "KuaiSAR_final");
  private static final String LOG = "rec_inter\\.csv";
  private static final List<String> LEVELS = List.of("first", "second", "third", "fourth");
  private static final String[] USER_FEATURES = {
    "onehot_feat1", "onehot_feat2", "search_active_level", "rec_active_level"
  };
  private static final String RECOMMENDATION = "recommendation";
  private static final String SEARCH = "search";
  private static final String GROUP = SqlText.identifier(RawSchema.GROUP);
  private static final String BEIJING_MS = "28800000";
  private static final String LENGTH = "duration_ms";

  private static final List<RawScenario> PUBLISHED =
      List.of(
          new RawScenario(
              RECOMMENDATION,
              RECOMMENDATION,
              "The recommendation feed of the Kuaishou app: short videos chosen for the user, who"
                  + " scrolls without a query."),
          new RawScenario(
              SEARCH,
              SEARCH,
              "The search of the Kuaishou app: results for a query that the user typed or picked."));

  private final KuaiSarConfig config;
  private final RawDatabase database;
  private final CsvTable feeds;
  private final CsvTable search;
  private final CsvTable users;
  private final CsvTable items;
  private final Optional<CsvTable> social;
  private final Optional<CsvTable> words;
  private final Optional<CsvTable> scenarios;

  KuaiSarFormat(KuaiSarConfig config, Path folder, RawDatabase database) {
    this.config = config;
    this.database = database;
    RawFolder files = RawFolder.with(folder, RELEASES, LOG);
    feeds = table(files.file("rec_inter.csv"));
    search = table(files.file("src_inter.csv"));
    users = table(files.file("user_features.csv"));
    items = table(files.file("item_features.csv"));
    social =
        config.followed() ? Optional.of(table(files.file("social_network.csv"))) : Optional.empty();
    words = files.optional("caption_words.csv").map(this::table);
    scenarios = files.optional("scenarios.csv").map(this::table);
  }

  DatasetReader reader() {
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    queries.put(RawTable.INTERACTIONS, interactions());
    queries.put(RawTable.USERS, users());
    queries.put(RawTable.ITEMS, items());
    List<CsvTable> all =
        Stream.concat(
                Stream.of(feeds, search, users, items),
                Stream.of(social, words, scenarios).flatMap(Optional::stream))
            .toList();
    // The rows of a session need not be adjacent.
    List<LogFile> log =
        Stream.of(feeds.log(true), search.log(false)).flatMap(List::stream).toList();
    return new SqlDatasetReader(database, schema(), scenarioList(), all, queries)
        .logging(log)
        .describing(RawTable.USERS, users, "user_id", "user_id")
        .describing(RawTable.ITEMS, items, "item_id", "item_id")
        .leavingOut(
            "rows of search that repeat an item of their session",
            "SELECT count(*) - count(DISTINCT (user_id, search_session_id, time, keyword, item_id)) FROM ("
                + rawSearchRows()
                + ")");
  }

  private CsvTable table(Path file) {
    return CsvTable.open(database, List.of(file));
  }

  private RawSchema schema() {
    Fields fields = Fields.ofInteractions();
    fields.categorical(RawTable.USERS, FieldRole.USER, USER_FEATURES);
    if (config.followed()) {
      fields.lists(RawTable.USERS, FieldRole.USER, "followed");
    }
    LEVELS.forEach(
        level -> fields.categorical(RawTable.ITEMS, FieldRole.ITEM, level + "_level_category_id"));
    fields.categorical(RawTable.ITEMS, FieldRole.AUTHOR, "author_id");
    fields.categorical(RawTable.ITEMS, FieldRole.ITEM, "item_type", "upload_type");
    if (items.has("music_id")) {
      fields.categorical(RawTable.ITEMS, FieldRole.ITEM, "music_id");
    }
    if (config.captions()) {
      fields.lists(RawTable.ITEMS, FieldRole.ITEM, "caption");
    }
    fields.categorical(RawTable.INTERACTIONS, FieldRole.CONTEXT, "hour");
    if (config.keywords()) {
      fields.lists(RawTable.INTERACTIONS, FieldRole.CONTEXT, "keyword");
    }
    if (config.searches()) {
      fields.categorical(RawTable.INTERACTIONS, FieldRole.CONTEXT, "search_source", "result_type");
    }
    if (config.numericFields()) {
      fields.numeric(RawTable.INTERACTIONS, FieldRole.ITEM, LENGTH);
      fields.numeric(RawTable.ITEMS, FieldRole.ITEM, "upload_day");
    }
    if (config.sharedWords()) {
      fields.share("words", List.of("caption", "keyword"));
    }
    List<String> itemText =
        words.isPresent() ? List.of("categories", "caption_text") : List.of("categories");
    return new RawSchema(
        List.of(RawTable.INTERACTIONS, RawTable.USERS, RawTable.ITEMS),
        fields.list(),
        true,
        false,
        true,
        List.of(),
        itemText,
        "recommendation: click; search: any row of the item in the session with click_cnt > 0",
        false,
        config.labels());
  }

  private List<RawScenario> scenarioList() {
    if (scenarios.isPresent()) {
      CsvTable table = scenarios.get().require("scenario", "name", "description");
      return database
          .rows("SELECT scenario, name, description FROM " + table.scan(), table.files())
          .stream()
          .map(row -> new RawScenario(row.get(0), row.get(1), row.get(2)))
          .toList();
    }
    return feeds.has("scenario") ? List.of() : PUBLISHED;
  }

  private String interactions() {
    return "SELECT *, ((time + "
        + BEIJING_MS
        + ") // 3600000 % 24)::INTEGER AS hour FROM ("
        + feedRows()
        + " UNION ALL SELECT * FROM ("
        + searchRows()
        + "))";
  }

  private String feedRows() {
    feeds.require("user_id", "item_id", "click");
    feeds.type("BIGINT", "user_id", "item_id", "click").type("DOUBLE", "timestamp");
    feeds.present("user_id", "item_id").check("click", "click IN (0, 1)", "0 or 1");
    if (config.numericFields()) {
      feeds.require(LENGTH).type("DOUBLE", LENGTH);
    }
    requireTimes(feeds, "timestamp");
    String scenario = feeds.has("scenario") ? "scenario" : SqlText.literal(RECOMMENDATION);
    return "SELECT user_id AS user, item_id AS item, "
        + scenario
        + " AS scenario, click::INTEGER AS label, "
        + SignalColumns.of(feeds, config.labels())
        + time(feeds, "timestamp", "time")
        + " AS time, NULL::VARCHAR AS "
        + GROUP
        + (config.keywords() ? ", []::INTEGER[] AS keyword" : "")
        + (config.searches()
            ? ", NULL::VARCHAR AS search_source, NULL::VARCHAR AS result_type"
            : "")
        + (config.numericFields() ? ", " + LENGTH : "")
        + " FROM "
        + feeds.scan();
  }

  /**
   * A session's id is not unique, its rows need not be adjacent, and an item can occur twice: one
   * row per item is kept, a click if any was.
   */
  private String searchRows() {
    return "SELECT * EXCLUDE (place) FROM (SELECT user_id AS user, item_id AS item, "
        + SqlText.literal(SEARCH)
        + " AS scenario, max((click_cnt > 0)::INTEGER) AS label, "
        + SignalColumns.unknown(config.labels())
        + "time, concat_ws(' ', search_session_id, time, keyword::VARCHAR) AS "
        + GROUP
        + (config.keywords() ? ", any_value(keyword) AS keyword" : "")
        + (config.searches()
            ? ", min(search_source) AS search_source, min(result_type) AS result_type"
            : "")
        + (config.numericFields() ? ", NULL::DOUBLE AS " + LENGTH : "")
        + ", min(place) AS place"
        + " FROM (SELECT *, row_number() OVER () AS place FROM ("
        + rawSearchRows()
        + ")) GROUP BY user_id, search_session_id, time, keyword, item_id) ORDER BY place";
  }

  private String rawSearchRows() {
    search.require("user_id", "item_id", "click_cnt", "search_session_id", "keyword");
    String stamp = search.firstOf("search_session_timestamp", "timestamp");
    String clock = search.firstOf("search_session_time", "time");
    search.type("BIGINT", "user_id", "item_id", "click_cnt").type("DOUBLE", stamp);
    search.present("user_id", "item_id", "click_cnt");
    requireTimes(search, stamp);
    search.type("INTEGER[]", "keyword");
    String source =
        config.searches()
            ? search.require("item_type").firstOf("search_source", "search_session_source")
                + " AS search_source, item_type AS result_type, "
            : "";
    return "SELECT user_id, item_id, click_cnt, search_session_id, keyword, "
        + source
        + time(search, stamp, clock)
        + " AS time FROM "
        + search.scan();
  }

  private static void requireTimes(CsvTable table, String stamp) {
    if (table.has(stamp)) {
      table.check(
          stamp,
          SqlText.identifier(stamp)
              + " IS NULL OR "
              + Sql.isMilliseconds(SqlText.identifier(stamp)),
          "a time in milliseconds since 1970");
    }
  }

  /** Returns the milliseconds or, if they are missing, the clock time in Beijing. */
  private static String time(CsvTable table, String stamp, String clock) {
    String fromClock =
        table.has(clock)
            ? "epoch_ms(try_strptime("
                + SqlText.identifier(clock)
                + ", '%Y-%m-%d %H:%M:%S')) - "
                + BEIJING_MS
            : "NULL";
    return table.has(stamp)
        ? "coalesce(" + SqlText.identifier(stamp) + "::BIGINT, " + fromClock + ")"
        : fromClock;
  }

  private String users() {
    users.require("user_id").require(USER_FEATURES).type("BIGINT", "user_id").present("user_id");
    String features = "user_id AS user, " + String.join(", ", USER_FEATURES);
    return social
        .map(
            table ->
                "SELECT u.* EXCLUDE (place), followed FROM (SELECT %s, row_number() OVER () AS place FROM %s) u LEFT JOIN (%s) s ON u.user = s.user ORDER BY place"
                    .formatted(features, users.scan(), followed(table)))
        .orElseGet(() -> "SELECT " + features + " FROM " + users.scan());
  }

  private static String followed(CsvTable table) {
    table.require("user_id", "user_follow_id").type("BIGINT", "user_id", "user_follow_id");
    table.present("user_id", "user_follow_id");
    return "SELECT user_id AS user, list_sort(list(DISTINCT user_follow_id)) AS followed FROM %s GROUP BY user_id"
        .formatted(table.scan());
  }

  private String items() {
    items.require("item_id", "author_id", "item_type", "upload_type", "caption");
    items.type("BIGINT", "item_id").type("INTEGER[]", "caption").present("item_id");
    List<String> columns = new ArrayList<>(List.of("item_id AS item"));
    for (String level : LEVELS) {
      columns.add(items.firstOf(level + "_level_category_id"));
    }
    columns.add("nullif(author_id, '0') AS author_id");
    columns.add("item_type");
    columns.add("upload_type");
    if (items.has("music_id")) {
      columns.add("music_id");
    }
    if (config.captions()) {
      columns.add("caption");
    }
    if (config.numericFields()) {
      items.require("upload_time");
      columns.add(
          "nullif(date_diff('day', DATE '1970-01-01', TRY_CAST(upload_time AS TIMESTAMP)::DATE), 0)::DOUBLE AS upload_day");
    }
    columns.add(
        LEVELS.stream().map(this::categoryName).collect(joining(", ", "concat_ws(', ', ", ")"))
            + " AS categories");
    String dictionary = "";
    if (words.isPresent()) {
      CsvTable table = words.get().require("word_id", "word").type("INTEGER", "word_id");
      dictionary =
          " CROSS JOIN (SELECT map(list(word_id), list(word)) AS entries FROM "
              + table.scan()
              + ")";
      columns.add(
          "array_to_string(list_transform(caption, lambda id: entries[id]), ' ') AS caption_text");
    }
    return "SELECT " + String.join(", ", columns) + " FROM " + items.scan() + dictionary;
  }

  /** Returns the English name if there is one; the publisher writes 'empty' for a missing name. */
  private String categoryName(String level) {
    String chinese = level + "_level_category_name";
    String english = chinese + "_en";
    String name = items.has(english) ? english : items.firstOf(chinese);
    return "CASE WHEN " + name + " IN ('', 'empty', '空') THEN NULL ELSE " + name + " END";
  }
}

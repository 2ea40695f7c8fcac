package org.llm4msr.plugins.datasets.published;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.toolkit.database.SqlText;

/** KuaiRand as queries. */
final class KuaiRandFormat {

  private static final List<String> LEVELS = List.of("first", "second", "third", "fourth");

  /** The tabs, those of the published benchmarks first. */
  private static final List<Integer> TABS =
      List.of(1, 0, 4, 2, 6, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14);

  private static final String[] USER_FEATURES =
      Stream.concat(
              Stream.of(
                  "user_active_degree",
                  "is_lowactive_period",
                  "is_live_streamer",
                  "is_video_author",
                  "follow_user_num_range",
                  "fans_user_num_range",
                  "friend_user_num_range",
                  "register_days_range"),
              IntStream.range(0, 18).mapToObj(i -> "onehot_feat" + i))
          .toArray(String[]::new);
  private static final String[] USER_NUMBERS = {
    "follow_user_num", "fans_user_num", "friend_user_num", "register_days"
  };
  private static final String[] VIDEO_FEATURES = {
    "video_type", "upload_type", "visible_status", "music_id", "music_type"
  };
  private static final String VIDEO_LENGTH = "video_duration";
  private static final String COVER_TEXT = "show_cover_text";

  /** The publisher's marks of an unknown value. */
  private static final String MISSING = "('-124', '-124.0')";

  private final KuaiRandConfig config;
  private final RawDatabase database;
  private final CsvTable log;
  private final CsvTable users;
  private final CsvTable videos;
  private final Optional<CsvTable> statistics;
  private final Optional<CsvTable> captions;
  private final Optional<CsvTable> categories;

  KuaiRandFormat(KuaiRandConfig config, Path folder, RawDatabase database) {
    this.config = config;
    this.database = database;
    KuaiRandFiles files = KuaiRandFiles.find(folder);
    List<Path> logs = new ArrayList<>(files.standardLog());
    if (config.randomLog()) {
      logs.addAll(files.randomLog());
    }
    log = CsvTable.open(database, logs);
    users = CsvTable.open(database, files.users());
    videos = CsvTable.open(database, files.videos());
    statistics =
        config.statistics()
            ? Optional.of(CsvTable.open(database, files.statistics()))
            : Optional.empty();
    captions =
        (config.coverText() ? Optional.of(files.requiredCaptions()) : files.captions())
            .map(this::table);
    categories = files.categories().map(this::table);
  }

  private CsvTable table(Path file) {
    return CsvTable.open(database, List.of(file));
  }

  DatasetReader reader() {
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    queries.put(RawTable.INTERACTIONS, interactions());
    queries.put(RawTable.USERS, users());
    queries.put(RawTable.ITEMS, videos());
    List<CsvTable> tables =
        Stream.concat(
                Stream.of(log, users, videos),
                Stream.of(statistics, captions, categories).flatMap(Optional::stream))
            .toList();
    return new SqlDatasetReader(database, schema(), scenarios(), tables, queries)
        .logging(log.log(true))
        .describing(RawTable.USERS, users, "user_id", "user_id")
        .describing(RawTable.ITEMS, videos, "video_id", "video_id");
  }

  private RawSchema schema() {
    Fields fields = Fields.ofInteractions();
    fields.categorical(RawTable.INTERACTIONS, FieldRole.CONTEXT, "hour");
    fields.categorical(RawTable.USERS, FieldRole.USER, USER_FEATURES);
    fields.categorical(RawTable.ITEMS, FieldRole.AUTHOR, "author_id");
    fields.categorical(RawTable.ITEMS, FieldRole.ITEM, VIDEO_FEATURES);
    fields.lists(RawTable.ITEMS, FieldRole.ITEM, "tag");
    if (config.numericFields()) {
      fields.numeric(RawTable.USERS, FieldRole.USER, USER_NUMBERS);
      fields.numeric(RawTable.ITEMS, FieldRole.ITEM, VIDEO_LENGTH);
    }
    if (categories.isPresent()) {
      LEVELS.forEach(
          level ->
              fields.categorical(RawTable.ITEMS, FieldRole.ITEM, level + "_level_category_id"));
    }
    for (String count : counts()) {
      // Both users and videos have a column follow_user_num.
      String name = List.of(USER_NUMBERS).contains(count) ? "video_" + count : count;
      fields.add(name, RawTable.ITEMS, count, FieldRole.ITEM, new FieldKind.Numeric());
    }
    List<String> itemText = new ArrayList<>();
    captions.ifPresent(table -> itemText.add("caption"));
    if (config.coverText()) {
      itemText.add("cover_text");
    }
    categories.ifPresent(table -> itemText.add("category_names"));
    itemText.add("tag_text");
    return new RawSchema(
        List.of(RawTable.INTERACTIONS, RawTable.USERS, RawTable.ITEMS),
        fields.list(),
        true,
        false,
        false,
        List.of("user_active_degree", "register_days_range"),
        itemText,
        config.label() + " = 1",
        false,
        config.labels());
  }

  private static List<RawScenario> scenarios() {
    return TABS.stream()
        .map(
            tab ->
                new RawScenario(
                    Integer.toString(tab),
                    "tab " + tab,
                    "Short videos shown in the tab numbered " + tab + " of the Kuaishou app."))
        .toList();
  }

  private String interactions() {
    log.require("user_id", "video_id", "tab", "time_ms", "hourmin", config.label());
    log.type("BIGINT", "user_id", "video_id", "tab", "time_ms", "hourmin", config.label());
    log.present("user_id", "video_id", "tab").milliseconds("time_ms");
    log.check(config.label(), SqlText.identifier(config.label()) + " IN (0, 1)", "0 or 1");
    return "SELECT user_id AS user, video_id AS item, tab AS scenario, "
        + config.label()
        + " AS label, "
        + SignalColumns.of(log, config.labels())
        + "time_ms AS time, hourmin // 100 AS hour FROM "
        + log.scan();
  }

  private String users() {
    users.require("user_id").require(USER_FEATURES).type("BIGINT", "user_id").present("user_id");
    String features =
        Stream.of(USER_FEATURES).map(name -> nullIfMissing(name, name)).collect(joining(", "));
    if (config.numericFields()) {
      users.require(USER_NUMBERS).type("DOUBLE", USER_NUMBERS);
      features += ", " + String.join(", ", USER_NUMBERS);
    }
    return "SELECT user_id AS user, " + features + " FROM " + users.scan();
  }

  private String videos() {
    videos.require("video_id", "author_id", "tag").require(VIDEO_FEATURES);
    videos.type("BIGINT", "video_id").present("video_id");
    String features = String.join(", ", VIDEO_FEATURES);
    if (config.numericFields()) {
      videos.require(VIDEO_LENGTH).type("DOUBLE", VIDEO_LENGTH);
      features += ", " + VIDEO_LENGTH;
    }
    String basic =
        "SELECT video_id AS item, author_id, "
            + features
            + ", string_split(tag, ',') AS tag, 'tags ' || replace(tag, ',', ', ') AS tag_text FROM "
            + videos.scan();
    return described(basic);
  }

  private static String nullIfMissing(String column, String name) {
    return "CASE WHEN %s NOT IN %s THEN %1$s END AS %s".formatted(column, MISSING, name);
  }

  private static String logarithm(String count) {
    return "CASE WHEN s.%1$s >= 0 THEN ln(1 + s.%1$s) END AS %1$s".formatted(count);
  }

  /** Joins the other files of videos, and keeps the order of the first one. */
  private String described(String basic) {
    List<String> columns = new ArrayList<>();
    StringBuilder joins = new StringBuilder();
    statistics.ifPresent(
        table -> {
          table.require("video_id").type("BIGINT", "video_id");
          table.type("DOUBLE", counts().toArray(String[]::new));
          counts().forEach(count -> columns.add(logarithm(SqlText.identifier(count))));
          joins.append(join(table, "s", "video_id"));
        });
    captions.ifPresent(
        table -> {
          table.require("final_video_id", "caption").type("BIGINT", "final_video_id");
          columns.add("c.caption");
          if (config.coverText()) {
            table.require(COVER_TEXT);
            columns.add("nullif(c.%s, 'UNKNOWN') AS cover_text".formatted(COVER_TEXT));
          }
          joins.append(join(table, "c", "final_video_id"));
        });
    categories.ifPresent(
        table -> {
          table.type("BIGINT", table.firstOf("final_video_id"));
          LEVELS.stream()
              .map(level -> table.firstOf(level + "_level_category_id"))
              .forEach(id -> columns.add(nullIfMissing("g." + id, id)));
          columns.add(
              LEVELS.stream()
                      .map(level -> "g." + table.firstOf(level + "_level_category_name"))
                      .map(name -> "CASE WHEN " + name + " <> 'UNKNOWN' THEN " + name + " END")
                      .collect(joining(", ", "nullif(concat_ws(', ', ", "), '')"))
                  + " AS category_names");
          joins.append(join(table, "g", "final_video_id"));
        });
    return columns.isEmpty()
        ? basic
        : "SELECT v.* EXCLUDE (place), %s FROM (SELECT *, row_number() OVER () AS place FROM (%s)) v%s ORDER BY v.place"
            .formatted(String.join(", ", columns), basic, joins);
  }

  /** Joins the first row per video: a second one would repeat the video. */
  private static String join(CsvTable table, String alias, String key) {
    return " LEFT JOIN %s %s ON %2$s.%s = v.item"
        .formatted(Sql.firstOfEach(key, table.scan()), alias, key);
  }

  private List<String> counts() {
    return statistics
        .map(table -> table.columns().stream().filter(name -> !name.equals("video_id")).toList())
        .orElse(List.of());
  }
}

package org.llm4msr.plugins.datasets.published;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
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
 * MIND as queries: {@code behaviors.tsv} and {@code news.tsv} of the folder itself, or of the
 * training and development parts below it. An impression list becomes one row per news article.
 * With parts, dev is tested, as the labels of the test part are not published, and the last day of
 * train validates.
 */
final class MindFormat {

  /** The parts of each release. Only one is read: the small one is a sample of the large one. */
  private static final List<List<String>> RELEASES =
      List.of(
          List.of(""),
          List.of("MINDsmall_train", "MINDsmall_dev"),
          List.of("MINDlarge_train", "MINDlarge_dev"),
          List.of("train", "dev"));

  private static final Dialect TAB = new Dialect("\t", "", false, UTF_8);
  private static final String ABSTRACT = SqlText.identifier("abstract");

  /** The articles of a history, the oldest first, in SQL. */
  private static final String HISTORY = "string_split_regex(trim(history), ' +')";

  /** The time of an impression, null if there is none, in SQL. */
  private static final String MOMENT = "try_strptime(time, '%m/%d/%Y %I:%M:%S %p')";

  /** More than a file has, also of two files. */
  private static final long LINES = 1L << 40;

  private final MindConfig config;
  private final RawDatabase database;
  private final List<Path> folders;
  private final List<CsvTable> tables = new ArrayList<>();
  private final List<LogFile> log = new ArrayList<>();

  MindFormat(MindConfig config, Path path, RawDatabase database) {
    this.config = config;
    this.database = database;
    folders = folders(path);
    if (config.parts() && folders.size() == 1) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_FILE",
          "%s is only one of the parts train and dev. Unpack both, or set dataset.parts to false."
              .formatted(folders.get(0)));
    }
  }

  private static List<Path> folders(Path path) {
    List<List<Path>> found =
        RELEASES.stream()
            .map(parts -> parts.stream().map(path::resolve).filter(MindFormat::isPart).toList())
            .filter(parts -> !parts.isEmpty())
            .toList();
    if (found.isEmpty()) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_FILE",
          "There is no file behaviors.tsv in %s or its folders %s. Set dataset.path to the folder of the unpacked data set."
              .formatted(path, RELEASES.stream().skip(1).flatMap(List::stream).toList()));
    }
    if (found.size() > 1) {
      throw new MsrException(
          ErrorType.DATA,
          "data/TWO_RELEASES",
          "%s has several releases: %s. Put the parts of one into a folder, and set dataset.path to it."
              .formatted(path, found.stream().flatMap(List::stream).toList()));
    }
    return found.get(0);
  }

  private static boolean isPart(Path folder) {
    return Files.isRegularFile(folder.resolve("behaviors.tsv"));
  }

  DatasetReader reader() {
    String news = news();
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    String joined = joined(news);
    queries.put(RawTable.INTERACTIONS, interactions(joined));
    queries.put(RawTable.ITEMS, "SELECT * EXCLUDE (f, n) FROM (" + news + ") ORDER BY f, n");
    Fields fields = Fields.ofInteractions();
    fields.categorical(RawTable.INTERACTIONS, FieldRole.CONTEXT, "hour");
    fields.categorical(RawTable.ITEMS, FieldRole.ITEM, "category", "subcategory");
    if (config.history()) {
      fields.lists(RawTable.INTERACTIONS, FieldRole.USER, "history");
    }
    if (config.entities()) {
      fields.lists(RawTable.ITEMS, FieldRole.ITEM, "entities");
    }
    if (config.sharedHistory()) {
      fields.shareWithItem("history");
    }
    RawSchema schema =
        new RawSchema(
            List.of(RawTable.INTERACTIONS, RawTable.ITEMS),
            fields.list(),
            true,
            config.parts(),
            true,
            List.of(),
            config.abstracts()
                ? List.of("title", "abstract", "category", "subcategory")
                : List.of("title", "category", "subcategory"),
            "clicked");
    SqlDatasetReader reader =
        new SqlDatasetReader(database, schema, List.of(), List.copyOf(tables), queries)
            .logging(log);
    if (config.past()) {
      reader.knowingPast(past());
    }
    return database.skipsMalformed()
        ? reader.leavingOut(
            "impressions of news that news.tsv lacks",
            "SELECT count(*) FROM " + joined + " WHERE category IS NULL")
        : reader;
  }

  /** Articles occur in several parts; the first description counts. */
  private String news() {
    List<String> parts = new ArrayList<>();
    for (Path folder : folders) {
      CsvTable table =
          CsvTable.headless(
              database,
              List.of(new RawFolder(folder).file("news.tsv")),
              TAB,
              List.of(
                  "id", "category", "subcategory", "title", "abstract", "url", "entities", "more"));
      table.present("id");
      tables.add(table);
      parts.add(
          "SELECT id AS item, category, subcategory, title, %s%s AS f, row_number() OVER () AS n FROM %s"
              .formatted(described(), parts.size(), table.scan()));
    }
    return "SELECT * FROM ("
        + String.join(" UNION ALL ", parts)
        + ") QUALIFY row_number() OVER (PARTITION BY item ORDER BY f, n) = 1";
  }

  /** Returns the further columns of an article. */
  private String described() {
    String entities =
        "list_sort(list_distinct(regexp_extract_all(concat_ws(' ', entities, more), '\"WikidataId\": *\"([^\"]+)\"', 1))) AS entities, ";
    return (config.abstracts() ? ABSTRACT + ", " : "") + (config.entities() ? entities : "");
  }

  /** Returns the impressions {@code b} with their news. */
  private String joined(String news) {
    List<String> parts = new ArrayList<>();
    for (Path folder : folders) {
      parts.add(impressions(folder, parts.size()));
    }
    return "(%s) b LEFT JOIN (%s) w ON b.item = w.item"
        .formatted(String.join(" UNION ALL ", parts), news);
  }

  private String interactions(String joined) {
    return """
        SELECT user, b.item, CASE WHEN category IS NULL THEN %s ELSE category END AS scenario,
          label, epoch_ms(moment) AS time, hour(moment) AS hour, impression AS %s%s%s
        FROM %s %s
        ORDER BY b.f, b.n, b.place
        """
        .formatted(
            Sql.rowError(Sql.unlike("impressions", "b.item", "an item of news.tsv"), "file", "b.n"),
            SqlText.identifier(RawSchema.GROUP),
            config.history() ? ", history" : "",
            config.parts() ? ", split" : "",
            joined,
            database.skipsMalformed() ? "WHERE category IS NOT NULL" : "");
  }

  private CsvTable behaviors(Path folder) {
    CsvTable table =
        CsvTable.headless(
            database,
            List.of(folder.resolve("behaviors.tsv")),
            TAB,
            List.of("impression", "user", "time", "history", "impressions"));
    tables.add(table);
    return table;
  }

  private String impressions(Path folder, int number) {
    CsvTable table = behaviors(folder).present("user");
    log.addAll(table.log(!config.parts())); // The last day of a file validates.
    String file = SqlText.literal(table.files().get(0).toString());
    String shown = "words[place]";
    if (database.skipsMalformed()) { // Otherwise, the query names the word.
      table.check("time", MOMENT + " IS NOT NULL", "a time");
      table.check(
          "impressions",
          "regexp_full_match(trim(impressions), '\\S+-[01]( +\\S+-[01])*')",
          "pieces of news with -0 or -1");
    }
    String notShown =
        Sql.unlike(
            "impressions", shown, "a piece of news with -0 or -1, which the test part lacks");
    String timeless =
        Sql.unlike("time", "coalesce(time, '')", "a time such as 11/13/2019 8:36:57 AM");
    return """
        SELECT user, regexp_replace(%1$s, '-[01]$', '') AS item,
          CASE WHEN regexp_matches(%1$s, '.-[01]$') THEN right(%1$s, 1)::INTEGER ELSE %2$s END AS label,
          moment, history, impression, f, n, place, file%11$s
        FROM (SELECT *, unnest(range(1, len(words) + 1)) AS place FROM (
          SELECT user, %10$s || impression AS impression,
            string_split_regex(trim(impressions), ' +') AS words,
            CASE WHEN %3$s IS NULL THEN %4$s ELSE %3$s END AS moment,
            %5$s AS history, %6$s AS f, n, file
          FROM (SELECT *, %9$s AS n, %7$s AS file FROM %8$s)))
        """
        .formatted(
            shown,
            Sql.rowError(notShown, "file", "n"),
            MOMENT,
            Sql.rowError(timeless, "file", "n"),
            config.history() ? HISTORY : "NULL",
            number,
            file,
            table.scan(),
            CsvTable.LINE,
            // Each part numbers its impressions anew.
            SqlText.literal(folders.size() > 1 ? folder.getFileName() + "-" : ""),
            config.parts() ? ", " + part(table, number) + " AS split" : "");
  }

  /** Returns the part of an impression in SQL; train comes first. */
  private String part(CsvTable table, int number) {
    return number > 0
        ? "'test'"
        : "CASE WHEN moment >= (SELECT date_trunc('day', max(%s)) FROM %s) THEN 'validation' ELSE 'train' END"
            .formatted(MOMENT, table.scan());
  }

  /** Returns a query for the articles that a user had clicked before the first impression. */
  private String past() {
    List<String> impressions = new ArrayList<>();
    List<String> moments = new ArrayList<>();
    for (Path folder : folders) {
      CsvTable table = behaviors(folder);
      String place = "%s AS f, %s AS n".formatted(moments.size(), CsvTable.LINE);
      // The first of equal moments is that of the first line.
      String moment =
          "epoch_ms(%s)::HUGEINT * %s + %s + %s AS moment"
              .formatted(MOMENT, LINES, CsvTable.LINE, moments.size() * LINES / 2);
      String whole = " WHERE user IS NOT NULL AND " + MOMENT + " IS NOT NULL";
      moments.add("SELECT user, %s FROM %s%s".formatted(moment, table.scan(), whole));
      impressions.add(
          "SELECT user, %s AS words, %s, %s FROM %s%s"
              .formatted(HISTORY, moment, place, table.scan(), whole));
    }
    return """
        SELECT user, b.item, category AS scenario
        FROM (SELECT *, words[place] AS item FROM (
          SELECT *, unnest(range(1, len(words) + 1)) AS place FROM (%s)
            JOIN (SELECT user, min(moment) AS moment FROM (%s) GROUP BY user) USING (user, moment))) b
          JOIN (%s) w ON b.item = w.item
        ORDER BY b.f, b.n, place
        """
        .formatted(
            String.join(" UNION ALL ", impressions), String.join(" UNION ALL ", moments), news());
  }
}

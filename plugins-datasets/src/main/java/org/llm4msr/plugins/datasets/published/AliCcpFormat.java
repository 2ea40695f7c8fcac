package org.llm4msr.plugins.datasets.published;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 * Ali-CCP as a query: a row of the skeleton with the features that it shares with other rows. A
 * list of features is {@code field \x02 id \x03 value}, joined by {@code \x01}. The features of a
 * user change from row to row, so all fields are part of the interactions.
 */
final class AliCcpFormat {

  private static final Dialect HEADLESS = new Dialect(",", "", false, UTF_8);
  private static final String SKELETON = "sample_skeleton_(train|test)\\.csv";
  private static final List<String> USER =
      List.of("121", "122", "124", "125", "126", "127", "128", "129");
  private static final List<String> USER_LISTS = List.of("109_14", "110_14", "127_14", "150_14");
  private static final List<String> ITEM = List.of("206", "207", "216");
  private static final List<String> ITEM_LISTS = List.of("210");

  /** Fields of user and item together; their values are numbers. */
  private static final List<String> BOTH = List.of("508", "509", "702", "853");

  /** The columns with the list of a row's own features and with that of shared ones. */
  private static final String OWN = "own";

  private static final String SHARED = "shared";

  /** Counts the marks before values; a value that is cut off is empty. */
  private static final String AS_MANY_AS_STATED =
      "strlen(feature_list) - strlen(replace(feature_list, chr(3), '')) = feature_num AND NOT suffix(feature_list, chr(3))";

  private final AliCcpConfig config;
  private final RawDatabase database;
  private final RawFolder folder;
  private final List<CsvTable> tables = new ArrayList<>();
  private final List<LogFile> skeletons = new ArrayList<>();
  private final Fields fields = Fields.ofInteractions();
  private final List<String> columns = new ArrayList<>();
  private final List<String> unclicked = new ArrayList<>();
  private final List<String> repeated = new ArrayList<>();
  private final List<String> unknown = new ArrayList<>();

  AliCcpFormat(AliCcpConfig config, Path path, RawDatabase database) {
    this.config = config;
    this.database = database;
    folder = RawFolder.with(path, List.of(), SKELETON);
  }

  DatasetReader reader() {
    columns();
    String interactions = part("train") + " UNION ALL " + part("test");
    RawSchema schema =
        new RawSchema(
            List.of(RawTable.INTERACTIONS),
            fields.list(),
            false,
            true,
            false,
            List.of(),
            List.of(),
            "click",
            false,
            config.labels());
    SqlDatasetReader reader =
        new SqlDatasetReader(
                database, schema, List.of(), tables, Map.of(RawTable.INTERACTIONS, interactions))
            .logging(skeletons)
            .leavingOut("rows with a purchase but no click", sum(unclicked));
    return database.skipsMalformed()
        ? reader
            .leavingOut("repeated rows of common features", sum(repeated))
            .leavingOut("rows without common features", sum(unknown))
        : reader;
  }

  private static String sum(List<String> counts) {
    return "SELECT sum(rows)::BIGINT FROM (" + String.join(" UNION ALL ", counts) + ")";
  }

  /** Sorts each part separately, which takes less memory than sorting both. */
  private String part(String name) {
    return "(SELECT %s AS user, %s AS item, %s AS scenario, click AS label, %ssplit, %s FROM (%s) WHERE click = 1 OR purchase = 0 ORDER BY n)"
        .formatted(
            id(SHARED, "101"),
            id(OWN, "205"),
            id(OWN, "301"),
            SignalColumns.of(config.labels()),
            String.join(", ", columns),
            rows(name));
  }

  private void columns() {
    USER.forEach(field -> column(SHARED, field, FieldRole.USER));
    ITEM.forEach(field -> column(OWN, field, FieldRole.ITEM));
    BOTH.forEach(field -> column(OWN, field, FieldRole.CONTEXT));
    if (config.lists()) {
      USER_LISTS.forEach(field -> list(SHARED, field, FieldRole.USER));
      ITEM_LISTS.forEach(field -> list(OWN, field, FieldRole.ITEM));
    }
    if (config.numericFields()) {
      BOTH.forEach(this::number);
    }
  }

  private void column(String list, String field, FieldRole role) {
    fields.categorical(RawTable.INTERACTIONS, role, field);
    columns.add(id(list, field) + " AS " + SqlText.identifier(field));
  }

  private void list(String list, String field, FieldRole role) {
    fields.lists(RawTable.INTERACTIONS, role, field);
    columns.add(
        "regexp_extract_all(%s, '%s([^\\x03]*)', 1) AS %s"
            .formatted(list, start(field), SqlText.identifier(field)));
    if (config.listWeights()) {
      String name = "W" + field;
      fields.weigh(field, name);
      columns.add(
          "list_transform(%s, lambda part: TRY_CAST(part AS DOUBLE)) AS %s"
              .formatted(values(list, field), SqlText.identifier(name)));
    }
  }

  /** Returns the values of a field in a list of features. */
  private static String values(String list, String field) {
    return "regexp_extract_all(%s, '%s[^\\x03]*\\x03([^\\x01]*)', 1)".formatted(list, start(field));
  }

  /** Refuses rows whose lists have values that are no weights. */
  private void requireWeights(CsvTable table, List<String> lists) {
    if (config.lists() && config.listWeights()) {
      String each = "NOT coalesce(TRY_CAST(part AS DOUBLE) BETWEEN 0 AND 1e30, false)";
      for (String field : lists) {
        table.check(
            "feature_list",
            "len(list_filter(%s, lambda part: %s)) = 0"
                .formatted(values("feature_list", field), each),
            "a list whose values of " + field + " are from 0 to 1e30");
      }
    }
  }

  private void number(String field) {
    String name = "D" + field;
    fields.numeric(RawTable.INTERACTIONS, FieldRole.CONTEXT, name);
    columns.add(
        "try_cast(regexp_extract(%s, '%s[^\\x03]*\\x03([^\\x01]*)', 1) AS DOUBLE) AS %s"
            .formatted(OWN, start(field), name));
  }

  /** Returns the first id that a list has for a field, or null. */
  private static String id(String list, String field) {
    return "nullif(regexp_extract(%s, '%s([^\\x03]*)', 1), '')".formatted(list, start(field));
  }

  private static String start(String field) {
    return "(?:^|\\x01)" + field + "\\x02";
  }

  /** Returns the rows of a published part: click, purchase, split, the two lists and the place. */
  private String rows(String part) {
    CsvTable skeleton =
        headless(
            "sample_skeleton_" + part + ".csv",
            "sample_id",
            "click",
            "purchase",
            "common_feature_index",
            "feature_num",
            "feature_list");
    skeletons.addAll(skeleton.log(false)); // Each piece would be joined with all that rows share.
    skeleton.type("BIGINT", "sample_id", "click", "purchase");
    skeleton.present("sample_id");
    skeleton.check("click", "click IN (0, 1)", "0 or 1");
    skeleton.check("purchase", "purchase IN (0, 1)", "0 or 1");
    skeleton.check(
        "feature_list",
        id("feature_list", "205")
            + " IS NOT NULL AND "
            + id("feature_list", "301")
            + " IS NOT NULL",
        "a list with an item (205) and a scenario (301)");
    requireWeights(skeleton, ITEM_LISTS);
    unclicked.add(
        "SELECT count(*) AS rows FROM " + skeleton.scan() + " WHERE click = 0 AND purchase = 1");
    CsvTable common =
        headless(
            "common_features_" + part + ".csv",
            "common_feature_index",
            "feature_num",
            "feature_list");
    common.check(
        "feature_list", id("feature_list", "101") + " IS NOT NULL", "a list with a user (101)");
    requireWeights(common, USER_LISTS);
    unknown.add(
        "SELECT count(*) AS rows FROM %s s ANTI JOIN %s c ON s.common_feature_index = c.common_feature_index"
            .formatted(skeleton.scan(), common.scan()));
    repeated.add(
        "SELECT count(common_feature_index) - count(DISTINCT common_feature_index) AS rows FROM "
            + common.scan());
    boolean train = part.equals("train");
    String split =
        train && config.validationShare() > 0
            ? "CASE WHEN md5_number_lower(s.sample_id::VARCHAR) %% 10000 < %s THEN 'validation' ELSE 'train' END"
                .formatted(Math.round(10_000 * config.validationShare()))
            : SqlText.literal(part);
    String notFound =
        Sql.rowError(
            Sql.unlike(
                "common_feature_index",
                "coalesce(s.common_feature_index, '')",
                "a row of the common features"),
            SqlText.literal(skeleton.files().get(0).toString()),
            "s.n");
    return "SELECT s.click, s.purchase, %s AS split, s.feature_list AS own, CASE WHEN c.common_feature_index IS NULL THEN %s ELSE c.feature_list END AS shared, s.n FROM (SELECT *, %s AS n FROM %s) s LEFT JOIN %s c ON s.common_feature_index = c.common_feature_index%s"
        .formatted(
            split,
            notFound,
            CsvTable.LINE,
            skeleton.scan(),
            firstOfKey(common),
            database.skipsMalformed() ? " WHERE c.common_feature_index IS NOT NULL" : "");
  }

  /** The first row of each key counts: further ones would repeat all rows that name the key. */
  private String firstOfKey(CsvTable common) {
    String again =
        database.skipsMalformed()
            ? "false"
            : Sql.rowError(
                Sql.unlike(
                    "common_feature_index",
                    "c.common_feature_index",
                    "a key that no earlier row has"),
                SqlText.literal(common.files().get(0).toString()),
                "c.n");
    return "(SELECT c.common_feature_index, c.feature_list FROM (SELECT *, %1$s AS n FROM %2$s) c JOIN (SELECT common_feature_index, min(%1$s) AS first FROM %3$s GROUP BY common_feature_index) k ON k.common_feature_index = c.common_feature_index WHERE CASE WHEN c.n = k.first THEN true ELSE %4$s END)"
        .formatted(CsvTable.LINE, common.scan(), common.scan(), again);
  }

  private CsvTable headless(String file, String... columns) {
    CsvTable table =
        CsvTable.headless(database, List.of(folder.file(file)), HEADLESS, List.of(columns))
            .type("BIGINT", "feature_num")
            .check("feature_list", AS_MANY_AS_STATED, "as many whole features as feature_num says");
    tables.add(table);
    return table;
  }
}

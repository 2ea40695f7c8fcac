package org.llm4msr.plugins.datasets.sql;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.llm4msr.toolkit.database.SqlText;

/** The rules for every row of a table. A row that breaks one ends the query, or is skipped. */
final class RowRules {

  /** How many rows tell what a column has. */
  static final int FIRST_ROWS = 1_000;

  private static final String BROKEN = "A row breaks a rule";

  /** The effects that rules for kept rows have. */
  private static final Effect[] KEPT = {Effect.SCAN, Effect.IMPLIED, Effect.LATER};

  private final RawDatabase database;
  private final List<Rule> rules = new ArrayList<>();

  /**
   * A rule.
   *
   * @param column the column that breaks it; empty for the row
   * @param kept a condition, in SQL
   * @param message what is wrong otherwise, in SQL
   */
  private record Rule(String column, String kept, String message, Effect effect, Advice advice) {

    boolean isTestedIn(String name) {
      return effect == Effect.SCAN && column.equals(name);
    }
  }

  /** What becomes of a row that breaks a rule. */
  private enum Effect {
    /** The scan fails, or leaves it out. */
    SCAN,
    /** A strict query fails by itself; another scan leaves it out. */
    IMPLIED,
    /** The query fails after the scan, or leaves it out. */
    LATER,
    /** It is kept, without the value. */
    BLANKED
  }

  RowRules(RawDatabase database) {
    this.database = database;
  }

  /** Refuses rows with a fault, which is a sentence; a strict query fails on them by itself. */
  void refuse(String fault) {
    rules.add(new Rule("", fault + " IS NULL", fault, Effect.IMPLIED, Advice.NONE));
  }

  /**
   * Refuses texts that are not of a type; a strict query fails on them by itself.
   *
   * @param holds a condition, in SQL
   * @param text the text to report, in SQL
   * @param expected the type, in words
   */
  void refuseOtherThan(String expected, String column, String holds, String text) {
    add(column, holds, text, expected, Effect.IMPLIED, Advice.NONE);
  }

  /**
   * Adds a rule.
   *
   * @param holds a condition on the column, in SQL
   * @param expected the requirement of the condition, in words
   */
  void add(String column, String holds, String expected) {
    add(column, holds, SqlText.identifier(column), expected, Advice.NONE);
  }

  /**
   * Adds a rule.
   *
   * @param holds a condition on the column, in SQL
   * @param value what is reported of a row that breaks it, in SQL
   * @param expected the requirement of the condition, in words
   */
  void add(String column, String holds, String value, String expected, Advice advice) {
    add(column, holds, value, expected, Effect.SCAN, advice);
  }

  /** Adds a rule that the query applies after the scan. */
  void addLater(String column, String holds, String expected) {
    add(column, holds, SqlText.identifier(column), expected, Effect.LATER, Advice.NONE);
  }

  /** Adds a rule for a value that the query leaves out of rows that break it. */
  void addBlanking(String column, String holds, String value, String expected) {
    add(column, holds, value, expected, Effect.BLANKED, Advice.NONE);
  }

  private void add(
      String column, String holds, String value, String expected, Effect effect, Advice advice) {
    String message = Sql.unlike(column, "coalesce(" + value + "::VARCHAR, '')", expected);
    rules.add(new Rule(column, "coalesce(" + holds + ", false)", message, effect, advice));
  }

  /**
   * Returns the SQL that reads the rows that obey the rules.
   *
   * @param columns the columns of the rows
   */
  String scan(String from, Collection<String> columns) {
    if (database.skipsMalformed()) {
      return "(SELECT * FROM %s WHERE %s)".formatted(from, all(Effect.SCAN, Effect.IMPLIED));
    }
    String checked =
        columns.stream()
            .filter(column -> rules.stream().anyMatch(rule -> rule.isTestedIn(column)))
            .map(this::checked)
            .collect(joining(", "));
    return checked.isEmpty() ? from : "(SELECT * REPLACE (" + checked + ") FROM " + from + ")";
  }

  /** Checks a column where its value is taken: DuckDB may test other conditions on rows before. */
  private String checked(String column) {
    return rules.stream()
        .filter(rule -> rule.isTestedIn(column))
        .map(Rule::kept)
        .collect(
            joining(
                " AND ",
                "CASE WHEN ",
                " THEN %1$s ELSE error(%2$s) END AS %1$s"
                    .formatted(SqlText.identifier(column), SqlText.literal(BROKEN))));
  }

  /** Returns queries for the rows that are left out. */
  List<String> broken(List<FileScan> files) {
    return rows(files, "NOT (" + kept() + ")", KEPT);
  }

  /** Returns queries for the rows that are kept without a value. */
  List<String> blanked(List<FileScan> files) {
    return rows(files, kept() + " AND NOT (" + all(Effect.BLANKED) + ")", Effect.BLANKED);
  }

  private List<String> rows(List<FileScan> files, String condition, Effect... effects) {
    if (of(effects).isEmpty()) {
      return List.of();
    }
    String column = first(rule -> SqlText.literal(rule.column()), effects);
    return files.stream().map(file -> file.where(condition, column)).toList();
  }

  /**
   * A row that breaks a rule.
   *
   * @param message file, place and fault, as a sentence
   * @param advice what to do where it is not the row that is wrong; empty otherwise
   */
  record Broken(String message, String advice) {}

  /** Describes the first row that breaks a rule; empty if none does. */
  Optional<Broken> firstBroken(List<FileScan> files) {
    // Rules that look into other tables lose the order of the rows.
    String order = of(Effect.LATER).isEmpty() ? "" : " ORDER BY " + TableInput.LINE;
    for (FileScan file : of(KEPT).isEmpty() ? List.<FileScan>of() : files) {
      String first =
          "SELECT %s, %s, %s FROM %s WHERE NOT (%s)%s LIMIT 1"
              .formatted(
                  TableInput.LINE,
                  first(Rule::message, KEPT),
                  first(rule -> Integer.toString(rules.indexOf(rule)), KEPT),
                  file.rows(),
                  kept(),
                  order);
      for (List<String> row : database.rows(first, List.of(file.file()))) {
        return Optional.of(
            new Broken(
                "%s, %s %s: %s".formatted(file.file(), file.unit(), row.get(0), row.get(1)),
                advice(rules.get(Integer.parseInt(row.get(2))), file)));
      }
    }
    return Optional.empty();
  }

  private String advice(Rule rule, FileScan file) {
    if (rule.advice() == Advice.NONE) {
      return "";
    }
    String values =
        "SELECT v FROM (SELECT %s::VARCHAR AS v FROM %s LIMIT %d) WHERE v <> ''"
            .formatted(SqlText.identifier(rule.column()), file.rows(), FIRST_ROWS);
    return rule.advice().of(database.strings(values, List.of(file.file())));
  }

  /** Returns what a row says of the first rule that it breaks, in SQL. */
  private String first(Function<Rule, String> property, Effect... effects) {
    return of(effects).stream()
        .map(rule -> "WHEN NOT " + rule.kept() + " THEN " + property.apply(rule))
        .collect(joining(" ", "CASE ", " END"));
  }

  /** Returns the condition that rows are not left out, in SQL. */
  String kept() {
    return all(KEPT);
  }

  private String all(Effect... effects) {
    List<Rule> chosen = of(effects);
    return chosen.isEmpty() ? "true" : chosen.stream().map(Rule::kept).collect(joining(" AND "));
  }

  private List<Rule> of(Effect... effects) {
    List<Effect> wanted = List.of(effects);
    return rules.stream().filter(rule -> wanted.contains(rule.effect())).toList();
  }
}

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

  private static final String BROKEN = "A row breaks a rule";

  private final RawDatabase database;
  private final List<Rule> rules = new ArrayList<>();

  /**
   * A rule.
   *
   * @param column the column that breaks it; empty for the row
   * @param kept a condition, in SQL
   * @param message what is wrong otherwise, in SQL
   * @param implied whether a strict query fails on such a row by itself
   */
  private record Rule(String column, String kept, String message, boolean implied) {

    boolean isTestedIn(String name) {
      return !implied && column.equals(name);
    }
  }

  RowRules(RawDatabase database) {
    this.database = database;
  }

  /** Refuses rows with a fault, which is a sentence; a strict query fails on them by itself. */
  void refuse(String fault) {
    rules.add(new Rule("", fault + " IS NULL", fault, true));
  }

  /**
   * Refuses texts that are not of a type; a strict query fails on them by itself.
   *
   * @param holds a condition, in SQL
   * @param text the text to report, in SQL
   * @param expected the type, in words
   */
  void refuseOtherThan(String expected, String column, String holds, String text) {
    add(column, holds, text, expected, true);
  }

  /**
   * Adds a rule.
   *
   * @param holds a condition on the column, in SQL
   * @param expected the requirement of the condition, in words
   */
  void add(String column, String holds, String expected) {
    add(column, holds, SqlText.identifier(column), expected);
  }

  /**
   * Adds a rule.
   *
   * @param holds a condition on the column, in SQL
   * @param value what is reported of a row that breaks it, in SQL
   * @param expected the requirement of the condition, in words
   */
  void add(String column, String holds, String value, String expected) {
    add(column, holds, value, expected, false);
  }

  private void add(String column, String holds, String value, String expected, boolean implied) {
    String message = Sql.unlike(column, "coalesce(" + value + "::VARCHAR, '')", expected);
    rules.add(new Rule(column, "coalesce(" + holds + ", false)", message, implied));
  }

  /**
   * Returns the SQL that reads the rows that obey the rules.
   *
   * @param columns the columns of the rows
   */
  String scan(String from, Collection<String> columns) {
    if (database.skipsMalformed()) {
      return "(SELECT * FROM " + from + " WHERE " + kept() + ")";
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

  /** Returns queries for the rows that break a rule. */
  List<String> broken(List<FileScan> files) {
    return rules.isEmpty()
        ? List.of()
        : files.stream()
            .map(
                file -> file.where("NOT (" + kept() + ")", first(r -> SqlText.literal(r.column()))))
            .toList();
  }

  /** Describes the first row that breaks a rule; empty if none does. */
  Optional<String> firstBroken(List<FileScan> files) {
    for (FileScan file : rules.isEmpty() ? List.<FileScan>of() : files) {
      String first =
          "SELECT %s, %s FROM %s WHERE NOT (%s) LIMIT 1"
              .formatted(TableInput.LINE, first(Rule::message), file.rows(), kept());
      for (List<String> row : database.rows(first, List.of(file.file()))) {
        return Optional.of(
            "%s, %s %s: %s".formatted(file.file(), file.unit(), row.get(0), row.get(1)));
      }
    }
    return Optional.empty();
  }

  /** Returns what a row says of the first rule that it breaks, in SQL. */
  private String first(Function<Rule, String> property) {
    return rules.stream()
        .map(rule -> "WHEN NOT " + rule.kept() + " THEN " + property.apply(rule))
        .collect(joining(" ", "CASE ", " END"));
  }

  /** Returns the condition that rows obey all rules, in SQL. */
  String kept() {
    return rules.isEmpty() ? "true" : rules.stream().map(Rule::kept).collect(joining(" AND "));
  }
}

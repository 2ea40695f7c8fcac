package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The rules for every row of a table. A row that breaks one ends the query, or is skipped. */
final class RowRules {

  private final RawDatabase database;
  private final List<Rule> rules = new ArrayList<>();

  /**
   * A rule.
   *
   * @param holds a condition on the column, in SQL
   * @param expected the requirement of the condition, in words
   */
  private record Rule(String column, String holds, String expected) {

    String kept() {
      return "coalesce(" + holds + ", false)";
    }
  }

  RowRules(RawDatabase database) {
    this.database = database;
  }

  void add(String column, String holds, String expected) {
    rules.add(new Rule(column, holds, expected));
  }

  /** Returns the SQL that reads the rows that obey the rules. */
  String scan(String from) {
    if (rules.isEmpty()) {
      return from;
    }
    if (database.skipsMalformed()) {
      return "(SELECT * FROM " + from + " WHERE " + kept() + ")";
    }
    Map<String, String> held = new LinkedHashMap<>();
    rules.forEach(
        rule -> held.merge(rule.column(), "(" + rule.holds() + ")", (a, b) -> a + " AND " + b));
    String checked =
        held.entrySet().stream()
            .map(
                rule ->
                    "CASE WHEN %s THEN %s ELSE error(%s) END AS %2$s"
                        .formatted(
                            rule.getValue(),
                            Sql.name(rule.getKey()),
                            Sql.literal(RawErrors.BROKEN_RULE)))
            .collect(joining(", "));
    return "(SELECT * REPLACE (" + checked + ") FROM " + from + ")";
  }

  /**
   * Returns queries for the rows that break a rule.
   *
   * @param text the row as text, in SQL
   * @param read a condition that only readable rows meet, so that others are not found twice
   */
  List<FoundRows> broken(List<TableFile> files, String text, String read) {
    if (rules.isEmpty()) {
      return List.of();
    }
    String column =
        rules.stream()
            .map(rule -> "WHEN NOT %s THEN %s".formatted(rule.kept(), Sql.literal(rule.column())))
            .collect(joining(" ", "CASE ", " END"));
    String condition = read + " AND NOT (" + kept() + ")";
    return files.stream().map(file -> file.where(condition, column, text)).toList();
  }

  /** Describes where a row first breaks a rule; empty if none does. */
  Optional<String> firstBroken(List<TableFile> files) {
    for (TableFile file : files) {
      for (Rule rule : rules) {
        String first =
            "SELECT n, left(%s::VARCHAR, %s) FROM (SELECT *, row_number() OVER () AS n FROM %s) WHERE NOT %s LIMIT 1"
                .formatted(
                    Sql.name(rule.column()), RawErrors.LONGEST_VALUE, file.scan(), rule.kept());
        for (List<String> found : database.rows(first, List.of(file.file()), file.arrow())) {
          return Optional.of(
              "%s: column '%s' has '%s', which is not %s."
                  .formatted(
                      file.place(Long.parseLong(found.get(0))),
                      rule.column(),
                      found.get(1),
                      rule.expected()));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the condition that rows obey all rules, in SQL. */
  String kept() {
    return rules.isEmpty() ? "true" : rules.stream().map(Rule::kept).collect(joining(" AND "));
  }
}

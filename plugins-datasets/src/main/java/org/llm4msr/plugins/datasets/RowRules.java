package org.llm4msr.plugins.datasets;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What every row of a table keeps. A row that breaks a rule ends the query, or is skipped. */
final class RowRules {

  private final RawDatabase database;
  private final List<Rule> rules = new ArrayList<>();

  /**
   * A rule.
   *
   * @param holds a condition on the column, in SQL
   * @param expected what the condition asks for, in words
   */
  private record Rule(String column, String holds, String expected) {

    String kept() {
      return "coalesce(" + holds + ", false)";
    }
  }

  /** One file, as SQL reads it. */
  record Source(Path file, String scan, List<ArrowInput> arrow) {}

  RowRules(RawDatabase database) {
    this.database = database;
  }

  void add(String column, String holds, String expected) {
    rules.add(new Rule(column, holds, expected));
  }

  boolean isEmpty() {
    return rules.isEmpty();
  }

  /** Returns what reads the rows that keep the rules. */
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
   * Returns a query of the rows that break a rule.
   *
   * @param before how many lines stand before the first row
   * @param text the row as text, in SQL
   */
  SkippedRows broken(Source source, int before, String text) {
    String column =
        rules.stream()
            .map(rule -> "WHEN NOT %s THEN %s".formatted(rule.kept(), Sql.literal(rule.column())))
            .collect(joining(" ", "CASE ", " END"));
    return new SkippedRows(
        "SELECT %s AS file, n + %d AS line, %s AS name, %s AS text FROM (SELECT *, row_number() OVER () AS n FROM %s) WHERE NOT (%s)"
            .formatted(
                Sql.literal(source.file().toString()), before, column, text, source.scan(), kept()),
        true,
        source.arrow());
  }

  /**
   * Says where a row breaks a rule first, or nothing.
   *
   * @param row what a row is called
   */
  Optional<String> firstBroken(List<Source> sources, String row) {
    for (Source source : sources) {
      for (Rule rule : rules) {
        String first =
            "SELECT n, left(%s::VARCHAR, %d) FROM (SELECT *, row_number() OVER () AS n FROM %s) WHERE NOT %s LIMIT 1"
                .formatted(
                    Sql.name(rule.column()), RawErrors.LONGEST_VALUE, source.scan(), rule.kept());
        for (List<String> found : database.rows(first, List.of(source.file()), source.arrow())) {
          return Optional.of(
              "%s, %s %s: column '%s' has '%s', which is not %s."
                  .formatted(
                      source.file(),
                      row,
                      found.get(0),
                      rule.column(),
                      found.get(1),
                      rule.expected()));
        }
      }
    }
    return Optional.empty();
  }

  private String kept() {
    return rules.stream().map(Rule::kept).collect(joining(" AND "));
  }
}

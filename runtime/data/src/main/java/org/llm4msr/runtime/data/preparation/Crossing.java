package org.llm4msr.runtime.data.preparation;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.buckets.CrossText;
import org.llm4msr.runtime.data.buckets.HashBuckets;
import org.llm4msr.runtime.data.database.PreparationDatabase;

/**
 * The ids of a crossed field, by those of its parts.
 *
 * @param plan of the field
 * @param parts encoders of the fields that it is made of
 */
record Crossing(FieldPlan plan, List<FieldEncoder> parts) {

  private static final String COMBINATIONS = "combinations";

  /**
   * Makes the table of ids of all combinations that rows have, and the vocabulary if there is one.
   *
   * @param kind of the field
   * @param training tells the rows of the training part
   */
  void learn(FieldKind.Crossed kind, PreparationDatabase database, Training training) {
    combine(database, training);
    if (kind.buckets() == 0) {
      database.execute("DROP TABLE IF EXISTS counted");
      database.execute(
          "CREATE TABLE counted AS SELECT value, count, logged FROM "
              + COMBINATIONS
              + " WHERE count > 0");
      FieldEncoder.number(plan, database, training.minFrequency(), training.base() != null);
      database.execute(
          "CREATE TABLE %s AS SELECT %s, v.id FROM %s c JOIN %s v ON c.value = v.value"
              .formatted(table(), columns("c."), COMBINATIONS, plan.vocabulary()));
    } else {
      database.execute(
          "CREATE TABLE %s AS SELECT %s, %s AS id FROM %s"
              .formatted(
                  table(),
                  columns(""),
                  new HashBuckets(kind.buckets()).sql("value"),
                  COMBINATIONS));
    }
    database.execute("DROP TABLE " + COMBINATIONS);
  }

  /**
   * Makes the table of combinations with a known part: ids, rows of training and how many are
   * logged, text.
   */
  private void combine(PreparationDatabase database, Training training) {
    List<String> values = new ArrayList<>();
    List<String> names = new ArrayList<>();
    StringBuilder vocabularies = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      FieldEncoder part = parts.get(i);
      values.add(part.ofRow() + " AS p" + i);
      if (part.plan().field().kind() instanceof FieldKind.Hashed hashed) {
        // As HashBuckets.name does it.
        names.add("'bucket ' || nullif(c.p%d, 0) || ' of %d'".formatted(i, hashed.buckets()));
      } else {
        names.add("n" + i + ".value");
        vocabularies.append(
            " LEFT JOIN %s n%2$d ON c.p%2$d = n%2$d.id".formatted(part.plan().vocabulary(), i));
      }
    }
    String counted =
        "(SELECT %1$s, count(*) FILTER (n < %2$d) AS count, count(*) FILTER (n < %2$d AND NOT drawn) AS logged FROM (SELECT h.n, h.drawn, %3$s FROM %4$s) WHERE greatest(%1$s) > 0 GROUP BY %1$s)"
            .formatted(
                columns(""),
                training.rows(),
                String.join(", ", values),
                PreparedFiles.ROWS + FieldEncoder.joins(ofRows()));
    DistantRows distant = training.distant();
    if (distant != null) {
      counted = distant.combinations("FROM " + counted, columns(""), parts);
    }
    database.execute(
        "CREATE TABLE %s AS SELECT c.*, %s AS value FROM %s c%s"
            .formatted(COMBINATIONS, CrossText.sql(names), counted, vocabularies));
  }

  private List<FieldEncoder> ofRows() {
    return parts.stream().filter(part -> part.plan().home() == RawTable.INTERACTIONS).toList();
  }

  /** Returns the columns of the parts' ids. */
  private String columns(String before) {
    return IntStream.range(0, parts.size()).mapToObj(i -> before + "p" + i).collect(joining(", "));
  }

  /** Returns the table of the ids. */
  String table() {
    return "x" + plan.index();
  }

  /** Returns the join that the encoded value needs, after those of the parts. */
  String join() {
    return " LEFT JOIN %s ON %s"
        .formatted(
            table(),
            IntStream.range(0, parts.size())
                .mapToObj(i -> "%s.p%d = %s".formatted(table(), i, parts.get(i).ofRow()))
                .collect(joining(" AND ")));
  }

  /** Returns the encoded value; 0 for a combination that is missing or unknown. */
  String value() {
    return "coalesce(" + table() + ".id, 0)::INTEGER";
  }
}

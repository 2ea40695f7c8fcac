package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;

/** Weights of lists, and fields that read one column. */
class TableWeightsTest extends TableFiles {

  private static TableField list(
      String name,
      Kind kind,
      List<String> missing,
      @Nullable String weights,
      @Nullable String mark) {
    return new TableField(
        "tags",
        name,
        RawTable.INTERACTIONS,
        null,
        kind,
        null,
        null,
        missing,
        null,
        kind == Kind.MULTI_HASHED ? 10 : null,
        List.of(),
        List.of(),
        weights,
        mark);
  }

  private List<Map<String, String>> rows(TableField... fields) throws IOException {
    try (DatasetReader reader = reader(threeColumns(List.of("log.csv"), null, fields))) {
      return Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  @Test
  void aColumnHasTheWeightsOfAnother() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label,tags,scores\n"
            + "a,1,1,x|y,0.5|2\n"
            + "b,2,0,x,\n"
            + "a,2,0,x||none|z,1||3|1e-3\n"
            + "b,1,0,,\n");
    List<String> none = List.of("none");

    List<Map<String, String>> rows =
        rows(
            list("one", Kind.MULTI_CATEGORICAL, none, "scores", null),
            list("two", Kind.MULTI_HASHED, none, "scores", null));

    assertThat(rows)
        .extracting(row -> row.get("field_one"))
        .containsExactly("[\"x\",\"y\"]", "[\"x\"]", "[\"x\",null,null,\"z\"]", "null");
    assertThat(rows)
        .extracting(row -> row.get("field_one.weights"))
        .containsExactly("[0.5,2.0]", "null", "[1.0,null,3.0,0.001]", "null");
    assertThat(rows.get(0)).doesNotContainKey("field_two");
  }

  @Test
  void fieldsThatReadAColumnAlikeHaveOne() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label,price\na,1,1,2.5\n");
    TableField range =
        new TableField(
            "price",
            "range",
            RawTable.INTERACTIONS,
            null,
            Kind.BUCKETED,
            null,
            null,
            List.of(),
            null,
            8,
            List.of(),
            List.of(),
            null,
            null);
    try (DatasetReader reader =
        reader(
            threeColumns(
                List.of("log.csv"),
                null,
                field("price", Kind.NUMERIC),
                range,
                field("label", Kind.NUMERIC)))) {
      assertThat(reader.schema().fields().subList(3, 6))
          .extracting(RawField::name, RawField::column)
          .containsExactly(
              tuple("price", "field_price"),
              tuple("range", "field_price"),
              tuple("label", "field_label"));
      assertThat(Rows.of(reader, RawTable.INTERACTIONS).get(0))
          .containsEntry("field_price", "2.5")
          .doesNotContainKey("field_range");
    }
  }

  @Test
  void elementsHaveTheirWeightsAfterAMark() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label,tags\na,1,1,x:0.5|a:b:2\nb,2,0,y|none:4|z:|\na,2,0,\n");

    List<Map<String, String>> rows =
        rows(list("tags", Kind.MULTI_CATEGORICAL, List.of("none"), null, ":"));

    assertThat(rows)
        .extracting(row -> row.get("field_tags"))
        .containsExactly("[\"x\",\"a:b\"]", "[\"y\",null,\"z\",null]", "null");
    assertThat(rows)
        .extracting(row -> row.get("field_tags.weights"))
        .containsExactly("[0.5,2.0]", "[null,4.0,null,null]", "null");
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "x|y; 1; scores; 1; a weight from 0 to 1e30 of each element of tags",
        "x|y; 1|-1; scores; 1|-1; a weight from 0 to 1e30 of each element of tags",
        "x|y; 1|no; scores; 1|no; a weight from 0 to 1e30 of each element of tags",
        "x; nan; scores; nan; a weight from 0 to 1e30 of each element of tags",
        "x:1|y:z; ''; ''; x:1|y:z; a list of VALUE:WEIGHT with weights from 0 to 1e30",
      },
      delimiter = ';')
  void otherWeightsAreRefused(
      String tags, String scores, String column, String found, String expected) throws IOException {
    Files.writeString(
        folder.resolve("log.csv"),
        "who,what,label,tags,scores\na,1,1,%s,%s\n".formatted(tags, scores));
    boolean marked = column.isEmpty();

    assertThatThrownBy(
            () ->
                rows(
                    list(
                        "tags",
                        Kind.MULTI_CATEGORICAL,
                        List.of(),
                        marked ? null : column,
                        marked ? ":" : null)))
        .hasMessageContaining("[data/MALFORMED_ROW]")
        .hasMessageContaining(
            "line 2: column '%s' has '%s', which is not %s"
                .formatted(marked ? "tags" : column, found, expected));
  }

  @Test
  void rowsWithOtherWeightsCanBeSkipped() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "who,what,label,tags,scores\na,1,1,x|y,1\nb,2,0,x,3\n");
    TableConfig config =
        threeColumns(
            List.of("log.csv"),
            null,
            list("tags", Kind.MULTI_CATEGORICAL, List.of(), "scores", null));
    try (DatasetReader reader =
        new TableFactory().create(config, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactly("b");
    }
  }

  @Test
  void typedFilesHaveListsOfNumbers() throws IOException, SQLException {
    write(
        folder.resolve("log.parquet"),
        "SELECT 'a' AS who, 1 AS what, 1 AS label, [7, 8] AS tags, [0.1::FLOAT, NULL] AS scores");
    TableConfig config =
        threeColumns(
            List.of("log.parquet"),
            null,
            list("tags", Kind.MULTI_CATEGORICAL, List.of(), "scores", null));
    try (DatasetReader reader = reader(config)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS).get(0))
          .containsEntry("field_tags", "[\"7\",\"8\"]")
          .containsEntry("field_tags.weights", "[0.1,null]");
    }
  }

  @Test
  void onlyListsHaveWeightsAndOnce() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,label,tags,scores\na,1,1,x,1\n");
    TableField both = list("f", Kind.MULTI_CATEGORICAL, List.of(), "scores", ":");
    TableField one = list("f", Kind.CATEGORICAL, List.of(), "scores", null);
    for (TableField field : List.of(both, one)) {
      TableConfig config = threeColumns(List.of("log.csv"), null, field);
      assertThatThrownBy(() -> reader(config))
          .hasMessageContaining("only lists have weights, and either in a column or after a mark");
    }
  }
}

package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TableField;

/** Bucketed and hashed fields, and crosses. */
class TableBucketsTest extends TableFiles {

  @BeforeEach
  void log() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "who,what,label,price,tags\na,1,1,2.5,x|y\nb,2,0,,\n");
  }

  private static TableField field(
      @Nullable String column,
      String name,
      Kind kind,
      @Nullable Integer buckets,
      List<Double> bounds,
      List<String> cross) {
    return new TableField(
        column,
        name,
        RawTable.INTERACTIONS,
        null,
        kind,
        null,
        null,
        List.of(),
        null,
        buckets,
        bounds,
        cross,
        null,
        null);
  }

  @Test
  void columnsAreReadByTheKindOfTheirValues() throws IOException {
    TableConfig config =
        threeColumns(
            List.of("log.csv"),
            null,
            field("price", "range", Kind.BUCKETED, 8, List.of(), List.of()),
            field("price", "given", Kind.BUCKETED, null, List.of(1.0, 2.0), List.of()),
            field("price", "text", Kind.HASHED, 100, List.of(), List.of()),
            field("tags", "tags", Kind.MULTI_HASHED, 50, List.of(), List.of()),
            field(null, "both", Kind.CATEGORICAL, null, List.of(), List.of("user_id", "range")),
            field(null, "hash", Kind.CATEGORICAL, 30, List.of(), List.of("item_id", "text")));
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().fields())
          .extracting(RawField::kind)
          .containsExactly(
              new FieldKind.Categorical(),
              new FieldKind.Categorical(),
              new FieldKind.Categorical(),
              new FieldKind.Bucketed(8, List.of()),
              new FieldKind.Bucketed(0, List.of(1.0, 2.0)),
              new FieldKind.Hashed(100, false),
              new FieldKind.Hashed(50, true),
              new FieldKind.Crossed(List.of("user_id", "range"), 0),
              new FieldKind.Crossed(List.of("item_id", "text"), 30));
      Map<String, String> first = Rows.of(reader, RawTable.INTERACTIONS).get(0);
      assertThat(first)
          .containsEntry("field_range", "2.5")
          .containsEntry("field_text", "2.5")
          .containsEntry("field_tags", "[\"x\",\"y\"]")
          .doesNotContainKey("field_both");
    }
  }

  static List<TableField> wrong() {
    return List.of(
        field("price", "f", Kind.BUCKETED, null, List.of(), List.of()),
        field("price", "f", Kind.BUCKETED, 3, List.of(1.0), List.of()),
        field("price", "f", Kind.HASHED, null, List.of(), List.of()),
        field("price", "f", Kind.MULTI_HASHED, 3, List.of(1.0), List.of()),
        field("price", "f", Kind.NUMERIC, 3, List.of(), List.of()),
        field("price", "f", Kind.CATEGORICAL, 3, List.of(), List.of()),
        field("price", "f", Kind.CATEGORICAL, null, List.of(1.0), List.of()),
        field(null, "f", Kind.HASHED, 3, List.of(), List.of("user_id", "item_id")),
        field("price", "f", Kind.CATEGORICAL, null, List.of(), List.of("user_id", "item_id")));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void settingsThatDoNotGoTogetherAreRefused(TableField field) {
    TableConfig config = threeColumns(List.of("log.csv"), null, field);

    assertThatThrownBy(() -> reader(config))
        .hasMessageStartingWith("[data/TABLE_CONFIG] The field f ");
  }
}

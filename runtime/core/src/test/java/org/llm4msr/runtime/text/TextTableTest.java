package org.llm4msr.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {

  @Test
  void columnsAreAsWideAsTheirLongestCell() {
    String table =
        TextTable.of(
            List.of("level", ">rows", "note"),
            List.of(List.of("user", "1,200", "a"), List.of("scenario", "3", "")));

    assertThat(table)
        .isEqualTo(
            """
            level      rows  note
            user      1,200  a
            scenario      3
            """);
  }

  @Test
  void aTableWithoutRowsIsItsHeadings() {
    assertThat(TextTable.of(List.of("a", ">b"), List.of())).isEqualTo("a  b\n");
  }
}

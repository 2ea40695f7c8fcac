package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.rows.ScoringColumn;

class ColumnReaderTest {

  @Test
  void idsAndCategoriesAreTextsAsOfFiles() {
    assertThat(read("categorical", 17)).isEqualTo("17");
    assertThat(read("id", 17L)).isEqualTo("17");
    assertThat(read("categorical", true)).isEqualTo("true");
    assertThat(read("categorical", 17.0)).isEqualTo("17");
    assertThat(read("categorical", 0.5f)).isEqualTo("0.5");
    assertThat(read("categorical", new BigDecimal("1.50"))).isEqualTo("1.50");
    assertThat(read("categorical", LocalDate.of(2026, 1, 2))).isEqualTo("2026-01-02");
    assertThat(read("categorical", Double.NaN)).isNull();
    assertThat(read("categorical", null)).isNull();
  }

  @Test
  void numbersStayNumbersOrTexts() {
    assertThat(read("numeric", 3)).isEqualTo(3.0);
    assertThat(read("numeric", new BigDecimal("2.5"))).isEqualTo(2.5);
    assertThat(read("numeric", "dear")).isEqualTo("dear");
    assertThat(read("time", Instant.ofEpochMilli(5))).isEqualTo(5L);
    assertThat(read("time", LocalDateTime.of(1970, 1, 1, 0, 0, 1))).isEqualTo(1000L);
    assertThat(read("time", 7L)).isEqualTo(7.0);
  }

  @Test
  void listsAreListsOrTextsThatAreSplit() {
    assertThat(read("multi-categorical", "a|b|")).isEqualTo(List.of("a", "b", ""));
    assertThat(read("multi-categorical", Arrays.asList(1, null, 2.0)))
        .isEqualTo(Arrays.asList("1", null, "2"));
    assertThat(read("vector(2)", Arrays.asList(1f, 2))).isEqualTo(List.of(1.0, 2.0));
    assertThat(read("vector(2)", "[0.5, 1]")).isEqualTo("[0.5, 1]");
    List<Map<String, String>> events = List.of(Map.of("item", "a"));
    assertThat(read("history", events)).isEqualTo(events);
    assertThat(read("history", "a|b")).isEqualTo(List.of("a", "b"));
  }

  @Test
  void whatHasMoreThanOneTextIsRefused() {
    assertThatThrownBy(() -> read("categorical", Instant.EPOCH))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[data/WRONG_TYPE] Column 'x' has values of the type Instant; expected texts as in the"
                + " training data. Cast the column.");
    assertThatThrownBy(() -> read("categorical", new byte[] {1})).hasMessageContaining("byte[]");
    assertThatThrownBy(() -> read("numeric", LocalDate.EPOCH)).hasMessageContaining("LocalDate");
    assertThatThrownBy(() -> read("id", List.of("a"))).hasMessageContaining("one value per row");
  }

  private static Object read(String kind, Object value) {
    return new ColumnReader(new ScoringColumn("x", kind, true), "|").read(value);
  }
}

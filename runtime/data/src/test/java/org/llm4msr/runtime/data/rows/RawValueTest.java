package org.llm4msr.runtime.data.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;

class RawValueTest {

  private final RawValue value = new RawValue("hour", 3);

  @Test
  void whatLooksLikeAnotherTypeIsNamedByItsOwn() {
    assertThatThrownBy(() -> value.text(BigDecimal.valueOf(17)))
        .hasMessageStartingWith(
            "[data/BAD_VALUE] Column 'hour' has '17' (BigDecimal) in row 3; expected a text");
    assertThatThrownBy(() -> value.texts(new String[] {"17"}))
        .hasMessageContaining("(String[]) in row 3");
    assertThatThrownBy(() -> value.number("cheap"))
        .hasMessageContaining("has 'cheap' in row 3; expected a number");
  }

  /** A caller of a service chooses it, and it ends up in a log. */
  @Test
  void aHugeValueDoesNotFillTheError() {
    assertThatThrownBy(() -> value.number("1\nERROR forged\r" + "x".repeat(1_000_000)))
        .satisfies(error -> assertThat(error.getMessage()).hasSizeLessThan(500))
        .hasMessageContaining("has '1 ERROR forged xxx")
        .hasMessageContaining("xxx...' in row 3");
    assertThatThrownBy(() -> value.text(List.of("x".repeat(1_000_000))))
        .satisfies(error -> assertThat(error.getMessage()).hasSizeLessThan(500));
  }
}

package org.llm4msr.api.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecordsTest {

  /** A record that nobody else sees, and whose constructor copies. */
  private record Settings(int rows, @Nullable String file, List<String> names) {
    Settings {
      names = List.copyOf(names);
    }
  }

  private static final Settings SETTINGS = new Settings(3, "a.csv", List.of("x"));

  @Test
  void oneComponentIsReplaced() {
    assertThat(Records.with(SETTINGS, "rows", 5)).isEqualTo(new Settings(5, "a.csv", List.of("x")));
    assertThat(Records.with(SETTINGS, "file", null)).isEqualTo(new Settings(3, null, List.of("x")));
  }

  @Test
  void whatIsNoComponentIsRefused() {
    assertThatThrownBy(() -> Records.with(SETTINGS, "row", 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith("has no row");
    assertThatThrownBy(() -> Records.with(SETTINGS, "rows", "five"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Records.with(SETTINGS, "names", null))
        .hasMessage("names cannot be null")
        .hasCauseInstanceOf(NullPointerException.class);
  }
}

package org.llm4msr.runtime.data.buckets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.toolkit.database.SqlText;

class CrossTextTest {

  @TempDir Path folder;

  private static final List<@Nullable String> PARTS = parts();

  private static List<@Nullable String> parts() {
    List<@Nullable String> parts =
        new ArrayList<>(List.of("", "a", "&", "\\", "\\-", " & ", "a & b"));
    parts.add(null);
    return parts;
  }

  private static List<@Nullable String> pair(@Nullable String first, @Nullable String second) {
    List<@Nullable String> pair = new ArrayList<>();
    pair.add(first);
    pair.add(second);
    return pair;
  }

  @Test
  void joinsTheParts() {
    assertThat(CrossText.of(List.of("Köln", "book", "18 to 25")))
        .isEqualTo("Köln & book & 18 to 25");
    assertThat(CrossText.of(pair("R&D \\", null))).isEqualTo("R\\&D \\\\ & \\-");
  }

  @Test
  void differentPartsHaveDifferentTextsInJavaAndInTheDatabase() {
    Map<String, List<@Nullable String>> texts = new HashMap<>();
    try (PreparationDatabase database = new PreparationDatabase(folder, 256L << 20, 1)) {
      for (String first : PARTS) {
        for (String second : PARTS) {
          String text = CrossText.of(pair(first, second));
          assertThat(texts.put(text, pair(first, second))).describedAs(text).isNull();
          String sql = "SELECT " + CrossText.sql(List.of(literal(first), literal(second)));
          assertThat(database.query(sql, row -> row.getString(1))).containsExactly(text);
        }
      }
    }
    assertThat(CrossText.of(List.of("a", "b", "c")))
        .isNotEqualTo(CrossText.of(List.of("a", "b & c")));
  }

  private static String literal(@Nullable String text) {
    return text == null ? "NULL::VARCHAR" : SqlText.literal(text);
  }
}

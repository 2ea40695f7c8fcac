package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueryPartTest {

  @TempDir Path folder;

  @BeforeEach
  void writePartAndSnapshot() throws SQLException {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement()) {
      sql.execute("ATTACH " + quoted("learned") + " AS learned");
      sql.execute("CREATE TABLE learned.names AS SELECT 5 AS n, 'five' AS name");
      sql.execute(
          "COPY (SELECT range AS n FROM range(9)) TO %s (FORMAT parquet)"
              .formatted(quoted("part")));
    }
  }

  @Test
  void rowsMeetWhatWasLearned() throws Exception {
    query("SELECT n, name FROM keyed JOIN names USING (n)", 256);

    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement();
        ResultSet row =
            sql.executeQuery(
                "SELECT n || name FROM read_parquet(%s)".formatted(quoted("target")))) {
      assertThat(row.next()).isTrue();
      assertThat(row.getString(1)).isEqualTo("5five");
      assertThat(row.next()).isFalse();
    }
  }

  @Test
  void aPartThatNeedsMoreMemoryIsToBeSmaller() {
    assertThatThrownBy(
            () -> query("SELECT list(k) FROM keyed CROSS JOIN range(1000000) numbers(k)", 16))
        .hasMessageStartingWith("[data/OUT_OF_MEMORY] ")
        .hasMessageEndingWith(". Lower --part-rows.");
  }

  private void query(String sql, int megabytes) throws Exception {
    Map<String, Object> settings = new HashMap<>();
    settings.put("snapshot", folder.resolve("learned").toString());
    settings.put("part", folder.resolve("part").toString());
    settings.put("sql", sql);
    settings.put("lists", List.of());
    settings.put("columns", List.of());
    settings.put("memory", (long) megabytes << 20);
    settings.put("scratch", Files.createDirectory(folder.resolve("scratch")).toString());
    settings.put("target", folder.resolve("target").toString());
    new QueryPart().apply(settings);
  }

  private String quoted(String file) {
    return "'" + folder.resolve(file) + "'";
  }
}

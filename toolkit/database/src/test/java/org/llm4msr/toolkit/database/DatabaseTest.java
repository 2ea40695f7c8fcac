package org.llm4msr.toolkit.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {

  private static final int ROWS = 5000;
  private static final String NUMBERS = "SELECT i FROM range(" + ROWS + ") t(i)";

  @TempDir Path folder;
  private final BufferAllocator allocator = new RootAllocator();
  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = Database.open(256L << 20, 1, folder.resolve("spill"));
  }

  /** The allocator refuses to close while anything is left. */
  @AfterEach
  void close() throws SQLException {
    database.close();
    allocator.close();
  }

  private List<Long> streamed(String sql) throws IOException, SQLException {
    List<Long> read = new ArrayList<>();
    try (ArrowResult result = database.stream(sql, allocator, 2048)) {
      ArrowReader reader = result.reader();
      while (reader.loadNextBatch()) {
        BigIntVector column = (BigIntVector) reader.getVectorSchemaRoot().getVector(0);
        for (int row = 0; row < column.getValueCount(); row++) {
          read.add(column.get(row));
        }
      }
    }
    return read;
  }

  @Test
  void streamsResultsInBatches() throws IOException, SQLException {
    assertThat(streamed(NUMBERS)).hasSize(ROWS).startsWith(0L, 1L).endsWith(4999L);
  }

  /** The numbers of a second database, which lends them to the first; the view closes them. */
  @Test
  void readsArrowUnderAName() throws IOException, SQLException {
    try (Database other = Database.open(256L << 20, 1, folder.resolve("other"))) {
      ArrowReader numbers = other.stream(NUMBERS, allocator, 2048).reader();
      try (ArrowView view = database.register("so \"named\"", own -> numbers, allocator)) {
        assertThat(streamed("SELECT sum(i)::BIGINT FROM \"so \"\"named\"\"\""))
            .containsExactly(ROWS * (ROWS - 1) / 2L);
      }
      assertThatThrownBy(() -> streamed("SELECT * FROM \"so \"\"named\"\"\""))
          .isInstanceOf(SQLException.class);
    }
  }

  @Test
  void closesAViewThatNoQueryRead() throws IOException, SQLException {
    try (Database other = Database.open(256L << 20, 1, folder.resolve("other"))) {
      ArrowReader numbers = other.stream(NUMBERS, allocator, 2048).reader();
      database.register("numbers", own -> numbers, allocator).close();
      assertThat(database.query("SELECT 7", row -> row.getInt(1))).containsExactly(7);
    }
  }

  /** DuckDB has the zone of the machine, whatever that of Java is. */
  @Test
  void theZoneIsNotThatOfTheMachine() throws SQLException {
    assertThat(database.query("SELECT current_setting('TimeZone')", row -> row.getString(1)))
        .containsExactly("UTC");
  }

  @Test
  void writesTextsAndNamesOfFiles() throws IOException, SQLException {
    String text = "it's\0 \"so\"";
    String sql = "SELECT %s AS %s".formatted(SqlText.literal(text), SqlText.identifier("a \"b\""));
    assertThat(database.query(sql, row -> row.getString("a \"b\""))).containsExactly(text);

    Files.writeString(folder.resolve("x[1]*.csv"), "a\n1\n");
    Files.writeString(folder.resolve("x1y.csv"), "a\n2\n");
    String from = "SELECT a FROM " + SqlText.path(folder.resolve("x[1]*.csv"));
    assertThat(database.query(from, row -> row.getInt(1))).containsExactly(1);
  }

  /** As in a process of Spark whose own class path has DuckDB, too. */
  @Test
  void opensBesideTheDriverOfAnotherClassLoader() throws Exception {
    assertThat(DriverManager.getDriver("jdbc:duckdb:")).isInstanceOf(DuckDBDriver.class);
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    try (URLClassLoader other =
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> type = other.loadClass(Database.class.getName());
      assertThat(type).isNotSameAs(Database.class);
      try (AutoCloseable second =
          (AutoCloseable)
              type.getMethod("open", long.class, int.class, Path.class)
                  .invoke(null, 256L << 20, 1, folder.resolve("second"))) {
        type.getMethod("execute", String.class).invoke(second, "CREATE TABLE t AS " + NUMBERS);
      }
    }
  }
}

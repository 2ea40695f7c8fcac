package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Rows;

/** Names in {@code files} that stand for several. */
class TableFoldersTest extends TableFiles {

  private List<String> users(String... names) throws IOException {
    TableConfig config = TableSettings.of("", "files", List.of(names));
    try (DatasetReader reader = reader(config)) {
      return Rows.of(reader, RawTable.INTERACTIONS).stream().map(row -> row.get("user")).toList();
    }
  }

  private void csv(String name, String user) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "user,item,label\n" + user + ",x,1\n");
  }

  private void parquet(String name, String user) throws IOException, SQLException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    write(file, "SELECT '%s' AS \"user\", 'x' AS item, 1 AS label".formatted(user));
  }

  /** With the checksums and the mark that Spark leaves beside them. */
  @Test
  void aFolderIsReadAsItsFilesInTheOrderOfTheirNames() throws IOException {
    csv("log.csv/part-00001-c5.csv", "b");
    csv("log.csv/part-00000-c5.csv", "a");
    Files.writeString(folder.resolve("log.csv/_SUCCESS"), "");
    Files.writeString(folder.resolve("log.csv/.part-00000-c5.csv.crc"), "crc");

    assertThat(users("log.csv")).containsExactly("a", "b");
    assertThat(users(folder.resolve("log.csv").toString())).containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "part-*.parquet",
        "part-[01].parquet",
        "./part-?.{parquet,csv}",
        "log/day=*/part-*.parquet",
        "**/part-?.parquet",
        "log/**.parquet"
      })
  void aPatternIsReadAsTheFilesThatMatch(String pattern) throws IOException, SQLException {
    String below = pattern.contains("log") || pattern.contains("**") ? "log/day=%s/" : "";
    parquet(below.formatted(2) + "part-1.parquet", "b");
    parquet(below.formatted(1) + "part-0.parquet", "a");
    Files.createDirectories(folder.resolve("log/_temporary"));
    Files.writeString(folder.resolve("log/_temporary/part-2.parquet"), "not yet");
    csv("other.csv", "c");

    assertThat(users(pattern)).containsExactly("a", "b");
    assertThat(users(folder + "/" + pattern)).containsExactly("a", "b");
  }

  @Test
  void aFileWhoseNameIsAPatternIsRead() throws IOException {
    csv("log[1].csv", "a");
    csv("log1.csv", "b");

    assertThat(users("log[1].csv", "log1.csv")).containsExactly("a", "b");
  }

  @Test
  void namesThatStandForNoFileAreErrors() throws IOException {
    assertThatThrownBy(() -> users("part-*.csv"))
        .hasMessage(
            "[data/MISSING_FILE] There is no file that matches %s/part-*.csv. Files of a table are"
                + " relative to dataset.path.",
            folder);
    assertThatThrownBy(() -> users("nowhere/part-*.csv"))
        .hasMessageContaining("There is no file that matches");
    assertThatThrownBy(() -> users("log[.csv"))
        .hasMessageContaining("There is no file that matches");
    Files.createDirectories(folder.resolve("log"));
    Files.writeString(folder.resolve("log/_SUCCESS"), "");
    assertThatThrownBy(() -> users("log"))
        .hasMessageContaining("%s/log is a folder without files.", folder);
    csv("log/day=1/part-0.csv", "a");
    assertThatThrownBy(() -> users("log"))
        .hasMessageContaining(
            "%s/log is a folder that has folders, such as day=1. Name their files by a pattern",
            folder);
  }

  @Test
  void filesOfOneTableAreOfOneFormat() throws IOException, SQLException {
    csv("log/part-0.csv", "a");
    parquet("log/part-1.parquet", "b");

    assertThatThrownBy(() -> users("log"))
        .hasMessageContaining("[data/TABLE_CONFIG]")
        .hasMessageContaining("part-0.csv and")
        .hasMessageContaining("part-1.parquet are of different formats, by their names");
  }

  /** Nodes of a cluster get the files; what is elsewhere they find themselves. */
  @Test
  void aLogIsNamedFileByFile() throws IOException {
    csv("log/part-0.csv", "a");
    csv("log/part-1.csv", "b");
    String elsewhere = "hdfs:///log/*.parquet";
    List<String> names = List.of("log", elsewhere, "table:shop.rows", "none.csv");
    TableConfig config = TableSettings.of("", "files", List.of(), "parts", Map.of("train", names));

    assertThat(config.logFiles(folder))
        .containsOnlyKeys("train")
        .extractingByKey("train")
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsExactly(
            folder.resolve("log/part-0.csv").toString(),
            folder.resolve("log/part-1.csv").toString(),
            elsewhere,
            "table:shop.rows",
            "none.csv");
  }
}

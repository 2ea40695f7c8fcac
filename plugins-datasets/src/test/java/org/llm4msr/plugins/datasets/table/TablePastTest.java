package org.llm4msr.plugins.datasets.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Entities;

/** What users had chosen before their first interaction. */
class TablePastTest extends TableFiles {

  @BeforeEach
  void write() throws IOException {
    Files.writeString(folder.resolve("log.csv"), "who,what,page,label\nu1,b1,feed,1\n");
    Files.writeString(folder.resolve("items.csv"), "id,genre\nb1,novel\nb2,travel\n");
  }

  @Test
  void rowsKeepTheOrderOfTheirFiles() throws IOException {
    Files.writeString(
        folder.resolve("past.csv"), "page,what,who\nfeed,b2,u1\nsearch,b1,u1\nfeed,b9,u2\n");
    assertThat(past(config("page", null)))
        .containsExactly("u1 b2 feed", "u1 b1 search", "u2 b9 feed");
    assertThat(past(config(null, null))).containsExactly("u1 b2 all", "u1 b1 all", "u2 b9 all");
  }

  /** Nothing says the genre of b9. */
  @Test
  void theScenarioIsLookedUpAsThatOfInteractions() throws IOException {
    Files.writeString(folder.resolve("past.csv"), "what,who\nb2,u1\nb9,u2\nb1,u1\n");
    assertThat(past(config("genre", RawTable.ITEMS)))
        .containsExactly("u1 b2 travel", "u1 b1 novel");
  }

  @Test
  void aRowWithoutAnItemIsNamed() throws IOException {
    Files.writeString(folder.resolve("past.csv"), "what,who\nb2,u1\n,u2\n");
    assertThatThrownBy(() -> past(config(null, null)))
        .hasMessageContaining("past.csv, line 3: column 'what' has '', which is not a value");
  }

  private List<String> past(TableConfig config) throws IOException {
    try (DatasetReader reader = reader(config);
        BufferAllocator allocator = new RootAllocator()) {
      Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(reader.sources()).contains(folder.resolve("past.csv"));
      try (ArrowReader past = reader.openPast(allocator).orElseThrow()) {
        return Rows.of(past).stream().map(row -> String.join(" ", row.values())).toList();
      }
    }
  }

  private static TableConfig config(@Nullable String scenario, @Nullable RawTable table) {
    return TableSettings.whoWhat(
        "log.csv",
        "scenario",
        scenario,
        "scenarioTable",
        table,
        "items",
        new Entities(List.of("items.csv"), "id", List.of(), List.of()),
        "past",
        List.of("past.csv"));
  }
}

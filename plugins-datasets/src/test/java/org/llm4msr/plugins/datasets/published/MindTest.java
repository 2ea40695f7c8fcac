package org.llm4msr.plugins.datasets.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;

class MindTest {

  @TempDir Path folder;
  @TempDir Path scratch;

  /** Lines in the published form, made by hand. */
  @BeforeEach
  void write() throws IOException {
    Path train = Files.createDirectory(folder.resolve("MINDsmall_train"));
    Path dev = Files.createDirectory(folder.resolve("MINDsmall_dev"));
    Files.writeString(
        train.resolve("news.tsv"),
        """
        N1\tsports\tgolf\tA "first" title\tAn abstract\thttps://x\t[{"Label": "PGA"}]\t[]
        N2\tnews\tnewsworld\tSecond\t\thttps://y\t[]\t[]
        """);
    Files.writeString(
        dev.resolve("news.tsv"),
        """
        N2\tnews\tnewsworld\tSecond again\t\thttps://y\t[]\t[]
        N3\tfinance\tmarkets\tThird\t\thttps://z\t[]\t[]
        """);
    Files.writeString(
        train.resolve("behaviors.tsv"),
        """
        1\tU1\t11/11/2019 9:05:58 AM\tN2 N1\tN1-1 N2-0
        2\tU2\t11/12/2019 12:00:00 AM\t\tN2-1
        """);
    Files.writeString(
        dev.resolve("behaviors.tsv"), "1\tU1\t11/15/2019 1:30:00 PM\tN1\tN3-0 N1-1\n");
  }

  @Test
  void impressionsOfAllPartsBecomeRows() throws IOException {
    try (DatasetReader reader = reader(false)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> String.join(" ", row.values()))
          .containsExactly(
              "U1 N1 sports 1 1573463158000 9 MINDsmall_train-1",
              "U1 N2 news 0 1573463158000 9 MINDsmall_train-1",
              "U2 N2 news 1 1573516800000 0 MINDsmall_train-2",
              "U1 N3 finance 0 1573824600000 13 MINDsmall_dev-1",
              "U1 N1 sports 1 1573824600000 13 MINDsmall_dev-1");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> String.join("|", row.values()))
          .containsExactly(
              "N1|sports|golf|A \"first\" title",
              "N2|news|newsworld|Second",
              "N3|finance|markets|Third");
    }
  }

  /** The small release is a sample of the large one. */
  @Test
  void oneReleaseIsRead() throws IOException {
    Path other = Files.createDirectories(folder.resolve("MINDlarge_dev"));
    Files.copy(folder.resolve("MINDsmall_dev/behaviors.tsv"), other.resolve("behaviors.tsv"));
    assertThatThrownBy(() -> reader(false))
        .hasMessageContainingAll("data/TWO_RELEASES", "MINDsmall_train", "MINDlarge_dev");
  }

  @Test
  void historiesAreListsWhereAskedFor() throws IOException {
    try (DatasetReader reader = reader(true)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("history"))
          .startsWith("[\"N2\",\"N1\"]", "[\"N2\",\"N1\"]", "null");
      assertThat(reader.schema().fields())
          .filteredOn(field -> field.vocabulary() != null)
          .extracting(RawField::name, RawField::vocabulary)
          .containsExactly(tuple("history", "item_id"));
    }
  }

  /** The last day of train is 12 November. */
  @Test
  void devIsTheTestPartAndTheLastDayOfTrainValidation() throws IOException {
    try (DatasetReader reader = reader(new MindConfig(false, false, true, false, false, false))) {
      assertThat(reader.schema().split()).isTrue();
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("item") + " " + row.get("split"))
          .containsExactly(
              "U1 N1 train", "U1 N2 train", "U2 N2 validation", "U1 N3 test", "U1 N1 test");
    }
    Files.delete(folder.resolve("MINDsmall_dev/behaviors.tsv"));
    assertThatThrownBy(() -> reader(new MindConfig(false, false, true, false, false, false)))
        .hasMessageContaining("MINDsmall_train is only one of the parts train and dev");
    try (DatasetReader reader = reader(false)) {
      assertThat(reader.schema().split()).isFalse();
    }
  }

  @Test
  void abstractsAndEntitiesDescribeNewsWhereAskedFor() throws IOException {
    Path news = folder.resolve("MINDsmall_train/news.tsv");
    String of = "{\"Label\": \"%s\", \"Type\": \"O\", \"WikidataId\": \"%s\", \"Confidence\": 1.0}";
    Files.writeString(
        news,
        Files.readString(news)
            .replace(
                "[{\"Label\": \"PGA\"}]\t[]",
                "[%s, %s]\t[%s]"
                    .formatted(
                        of.formatted("PGA Tour", "Q910409"),
                        of.formatted("Golf", "Q5377"),
                        of.formatted("PGA Tour", "Q910409"))));
    try (DatasetReader reader = reader(new MindConfig(false, false, false, true, true, false))) {
      assertThat(reader.schema().itemText())
          .containsExactly("title", "abstract", "category", "subcategory");
      assertThat(reader.schema().fields()).extracting(RawField::name).endsWith("entities");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("abstract") + " " + row.get("entities"))
          .containsExactly("An abstract [\"Q5377\",\"Q910409\"]", "null []", "null []");
    }
  }

  /** The history of the first impression counts; N9 is in no file of news. */
  @Test
  void thePastIsWhatUsersHadClickedBeforeTheirFirstImpression() throws IOException {
    Path dev = folder.resolve("MINDsmall_dev/behaviors.tsv");
    Files.writeString(
        dev, Files.readString(dev) + "2\tU3\t11/15/2019 1:30:00 AM\tN3 N9 N1 N3\tN1-0\n");
    Files.writeString(
        dev, Files.readString(dev) + "3\tU3\t11/15/2019 1:29:00 AM\tN3 N9 N1\tN1-0\n");
    try (DatasetReader reader = reader(new MindConfig(false, false, false, false, false, true));
        BufferAllocator allocator = new RootAllocator();
        ArrowReader past = reader.openPast(allocator).orElseThrow()) {
      assertThat(Rows.of(past))
          .extracting(row -> String.join(" ", row.values()))
          .containsExactly("U1 N2 news", "U1 N1 sports", "U3 N3 finance", "U3 N1 sports");
    }
    try (DatasetReader reader = reader(false);
        BufferAllocator allocator = new RootAllocator()) {
      assertThat(reader.openPast(allocator)).isEmpty();
    }
  }

  @Test
  void faultsAreNamedWithTheirPlace() throws IOException {
    fails(
        "N2-1", "N2", "column 'impressions' has 'N2', which is not a piece of news with -0 or -1");
    fails("N2-1", "N9-1", "column 'impressions' has 'N9', which is not an item of news.tsv");
    fails(
        "11/12/2019 12:00:00 AM", "noon", "column 'time' has 'noon', which is not a time such as");
  }

  @Test
  void faultsAreSkippedAndCounted() throws IOException {
    Path log = folder.resolve("MINDsmall_train/behaviors.tsv");
    Files.writeString(
        log,
        """
        1\tU1\tnoon\tN2 N1\tN1-1 N2-0
        2\tU2\t11/12/2019 12:00:00 AM\t\tN2-1 N1
        3\tU3\t11/12/2019 12:00:00 AM\t\tN9-1 N2-1
        4\t\t11/12/2019 12:00:00 AM\t\tN2-1
        """);
    try (DatasetReader reader =
        new MindFactory()
            .create(
                new MindConfig(false, false, false, false, false, false),
                Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("item"))
          .containsExactly("U3 N2", "U1 N3", "U1 N1");
      assertThat(reader.leftOut())
          .extracting(LeftOutRows::reason, LeftOutRows::rows)
          .containsExactly(
              tuple("impressions of news that news.tsv lacks", 1L), tuple("malformed rows", 3L));
      assertThat(reader.leftOut().get(1).examples())
          .extracting(LeftOutRows.Example::line, LeftOutRows.Example::column)
          .containsExactly(tuple(1L, "time"), tuple(2L, "impressions"), tuple(4L, "user"));
    }
  }

  private void fails(String value, String wrong, String message) throws IOException {
    Path log = folder.resolve("MINDsmall_train/behaviors.tsv");
    String sound = Files.readString(log);
    Files.writeString(
        log,
        sound
            .replace(value + "\n", wrong + "\n")
            .replace("\t" + value + "\t", "\t" + wrong + "\t"));
    try (DatasetReader reader = reader(false)) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(log + ", line 2: " + message);
    }
    Files.writeString(log, sound);
  }

  private DatasetReader reader(boolean history) {
    return reader(new MindConfig(history, history, false, false, false, false));
  }

  private DatasetReader reader(MindConfig config) {
    return new MindFactory().create(config, Contexts.of(folder, scratch));
  }
}

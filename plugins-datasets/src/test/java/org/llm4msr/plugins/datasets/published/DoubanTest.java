package org.llm4msr.plugins.datasets.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.published.DoubanConfig.ItemColumn;

class DoubanTest {

  @TempDir Path folder;
  @TempDir Path scratch;

  /** The counts are those of the data's own README. */
  @Test
  void partsHaveTheRowsThatTheyAreKnownToHave() throws IOException {
    Path parts = Rows.shared("douban");
    assumeThat(parts).as("the shared data").exists();
    try (DatasetReader reader = reader(parts, ItemColumn.UID)) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(
              rows.stream()
                  .collect(Collectors.groupingBy(r -> r.get("split"), Collectors.counting())))
          .isEqualTo(Map.of("train", 313_947L, "validation", 39_242L, "test", 39_245L));
      // cut -d, -f2 *.csv | sort -u
      assertThat(rows.stream().map(row -> row.get("user")).distinct()).hasSize(2_690);
      assertThat(rows.stream().map(row -> row.get("scenario") + row.get("item")).distinct().count())
          .isEqualTo(rows.stream().map(row -> row.get("item")).distinct().count());
      assertThat(reader.scenarios())
          .extracting(RawScenario::name)
          .containsExactly("music", "book", "movie");
      assertThat(reader.schema().split()).isTrue();
    }
  }

  /** Columns in another order than published: they go by their names. */
  private void writeReviews() throws IOException {
    Path published = Files.createDirectory(folder.resolve("douban_dataset(text information)"));
    Files.writeString(
        published.resolve("users_cleaned.txt"),
        """
        "user_id"\t"living_place"\t"join_time"\t"self_statement"\t"UID"
        "eva"\t"北京"\t"2007-07-10"\t"says ""hi""\"\t"1"
        "tom"\t""\t"2008-01-03"\t""\t"2"
        """);
    Files.writeString(
        published.resolve("bookreviews_cleaned.txt"),
        """
        "user_id"\t"book_id"\t"rating"\t"labels"\t"comment"\t"time"\t"ID"
        "1"\t"7"\t"4"\t"novel|classic"\t"fine, ""really""\"\t"2010-01-02"\t"1"
        "2"\t"7"\t"3"\t""\t"two
        lines"\t"2010-01-03"\t"2"
        "2"\t"8"\t""\t""\t""\t"2010-01-03"\t"3"
        "2"\t"9"\t"5"\t""\t""\t""\t"4"
        """);
    Files.writeString(
        published.resolve("musicreviews_cleaned.txt"),
        """
        "user_id"\t"music_id"\t"rating"\t"labels"\t"comment"\t"useful_num"\t"time"\t"ID"
        "1"\t"7"\t"5"\t""\t""\t"0"\t"2011-05-06"\t"1"
        """);
    Files.writeString(
        published.resolve("books_cleaned.txt"),
        """
        "UID"\t"book_id"\t"name"
        "7"\t"1003078"\t"红楼梦"
        "8"\t"7"\t"Other"
        """);
  }

  @Test
  void itemsAreFoundInTheFileOfTheirDomain() throws IOException {
    writeReviews();
    Path books = folder.resolve("douban_dataset(text information)/books_cleaned.txt");
    try (DatasetReader reader = reader(folder, ItemColumn.UID)) {
      Rows.of(reader, RawTable.ITEMS);
      assertThat(reader.rowsOf(RawTable.ITEMS, List.of("book:8", "music:7")))
          .isEqualTo(
              Map.of(
                  "book:8",
                  List.of(
                      new LeftOutRows.Example(
                          books.toString(), 3, "UID", "\"8\"\t\"7\"\t\"Other\""))));
    }
  }

  @Test
  void reviewsAreReadAsPublished() throws IOException {
    writeReviews();
    try (DatasetReader reader = reader(folder, ItemColumn.UID)) {
      assertThat(reader.scenarios()).extracting(RawScenario::key).containsExactly("book", "music");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> String.join(" ", row.values()))
          .containsExactly(
              "1 book:7 book 1 1262390400000",
              "2 book:7 book 0 1262476800000",
              "1 music:7 music 1 1304640000000");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("item") + " " + row.get("name"))
          .containsExactly("book:7 红楼梦", "book:8 Other");
      assertThat(Rows.of(reader, RawTable.USERS))
          .extracting(row -> row.get("user") + row.get("living_place") + row.get("join_year"))
          .containsExactly("1北京2007", "2null2008");
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows("reviews without a rating or a time", 2, false, List.of()));
    }
    try (DatasetReader reader = reader(folder, ItemColumn.ID)) {
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("item"))
          .containsExactly("book:1003078", "book:7");
    }
  }

  @Test
  void malformedTimesAreNamedWithTheirPlace() throws IOException {
    writeReviews();
    Path reviews = folder.resolve("douban_dataset(text information)/musicreviews_cleaned.txt");
    Files.writeString(reviews, Files.readString(reviews).replace("2011-05-06", "May"));
    try (DatasetReader reader = reader(folder, ItemColumn.UID)) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(
              reviews + ", line 2: column 'time' has 'May', which is not a time.");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "bookreviews_cleaned.txt | INTERACTIONS | 2 | user_id | \"1\"\t\"7\" | 1\"\t\"7\" | 1\"",
        "musicreviews_cleaned.txt | INTERACTIONS | 2 | music_id | \"1\"\t\"7\" | \"1\"\t7\" | 7\"",
        "users_cleaned.txt | USERS | 3 | UID | \"tom\"\t\"\"\t\"2008-01-03\"\t\"\"\t\"2\" | \"tom\"\t\"\"\t\"2008-01-03\"\t\"\"\t2\" | 2\"",
        "books_cleaned.txt | ITEMS | 2 | UID | \"7\"\t\"1003078\" | 7\"\t\"1003078\" | 7\""
      })
  void anIdThatHasLostItsOpeningQuoteIsRefused(
      String name, RawTable table, int line, String column, String id, String damaged, String value)
      throws IOException {
    writeReviews();
    Path file = folder.resolve("douban_dataset(text information)").resolve(name);
    Files.writeString(file, Files.readString(file).replace("\n" + id, "\n" + damaged));
    try (DatasetReader reader = reader(folder, ItemColumn.UID)) {
      assertThatThrownBy(() -> Rows.of(reader, table))
          .hasMessageContaining(
              "%s, line %d: column '%s' has '%s', which is not an id: it has a quote in it.",
              file, line, column, value);
    }
  }

  private DatasetReader reader(Path path, ItemColumn column) {
    return new DoubanFactory().create(new DoubanConfig(3, column), Contexts.of(path, scratch));
  }
}

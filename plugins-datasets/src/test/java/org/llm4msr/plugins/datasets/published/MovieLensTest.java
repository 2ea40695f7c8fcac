package org.llm4msr.plugins.datasets.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.published.MovieLensConfig.ScenarioBy;

class MovieLensTest {

  private static final MovieLensConfig BY_GENRE = new MovieLensConfig(3, ScenarioBy.GENRE);
  private static final MovieLensConfig BY_AGE = new MovieLensConfig(3, ScenarioBy.AGE);

  @TempDir Path folder;
  @TempDir Path scratch;

  @Test
  void latestSmallHasTheRatingsThatItIsKnownToHave() throws IOException {
    Path latest = Rows.shared("ml-latest-small");
    assumeThat(latest).as("the shared data").exists();
    try (DatasetReader reader =
        new MovieLensFactory().create(BY_GENRE, Contexts.of(latest, scratch))) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows).hasSize(100_836);
      // awk -F, 'NR > 1 && $3 > 3' ratings.csv | wc -l
      assertThat(rows.stream().filter(row -> row.get("label").equals("1"))).hasSize(61_716);
      assertThat(rows.get(0))
          .containsEntry("user", "1")
          .containsEntry("item", "1")
          .containsEntry("scenario", "Adventure")
          .containsEntry("time", "964982703000");
      assertThat(reader.scenarios().stream().map(s -> s.key()))
          .containsAll(rows.stream().map(row -> row.get("scenario")).collect(Collectors.toSet()));
      Map<String, String> film = Rows.of(reader, RawTable.ITEMS).get(0);
      assertThat(film)
          .containsEntry("title", "Toy Story (1995)")
          .containsEntry(
              "genres", "[\"Adventure\",\"Animation\",\"Children\",\"Comedy\",\"Fantasy\"]");
    }
  }

  @Test
  void agesNeedAReleaseThatHasThem() throws IOException {
    Files.writeString(
        folder.resolve("ratings.csv"), "userId,movieId,rating,timestamp\n1,1,4.0,9\n");
    Files.writeString(folder.resolve("movies.csv"), "movieId,title,genres\n1,\"A, B\",Drama|War\n");
    assertThatThrownBy(() -> reader(BY_AGE)).hasMessageContaining("data/NO_AGES");
  }

  @Test
  void aFilmThatIsListedTwiceRepeatsNoRatings() throws IOException {
    write("ratings.csv", "userId,movieId,rating,timestamp\n1,1,4.0,9\n2,1,5.0,9\n");
    write("movies.csv", "movieId,title,genres\n1,A,Drama\n1,A,War\n");
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("scenario"))
          .containsExactly("1 Drama", "2 Drama");
      Rows.of(reader, RawTable.ITEMS);
      assertThat(reader.leftOut()).isEmpty();
      assertThat(reader.rowsOf(RawTable.ITEMS, List.of("1")).get("1"))
          .extracting(LeftOutRows.Example::line)
          .containsExactly(2L, 3L);
    }
  }

  @Test
  void oneMillionIsReadAsPublished() throws IOException {
    write("ratings.dat", "1::10::5::978300760\n2::11::3::978302109\n2::10::4::978302110\n");
    write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n");
    write("movies.dat", "10::Misérables, Les (1995)::Drama|Musical\n11::\"Quoted (1999)::War\n");
    try (DatasetReader reader = reader(BY_AGE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("scenario") + " " + row.get("label") + " " + row.get("time"))
          .containsExactly("under-25 1 978300760000", "35+ 0 978302109000", "35+ 1 978302110000");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("title"))
          .containsExactly("Misérables, Les (1995)", "\"Quoted (1999)");
      assertThat(Rows.of(reader, RawTable.USERS).get(1))
          .containsEntry("gender", "M")
          .containsEntry("zip", "70072");
    }
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("scenario"))
          .containsExactly("Drama", "War", "Drama");
    }
  }

  @Test
  void tenMillionHasNoUsersAndIsUtf8() throws IOException {
    write("ratings.dat", "1::122::5::838985046\n1::185::3.5::838983525\n");
    Files.writeString(
        folder.resolve("movies.dat"),
        "122::Amélie (2001)::Comedy\n185::Net, The (1995)::Action|Crime\n");
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThat(reader.schema().tables()).doesNotContain(RawTable.USERS);
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("scenario") + " " + row.get("label"))
          .containsExactly("Comedy 1", "Action 1");
      assertThat(Rows.of(reader, RawTable.ITEMS).get(0)).containsEntry("title", "Amélie (2001)");
    }
  }

  @Test
  void hundredThousandIsReadAsPublished() throws IOException {
    write("u.data", "196\t242\t3\t881250949\n186\t302\t4\t891717742\n");
    write("u.user", "196|49|M|writer|55105\n186|39|F|executive|00000\n");
    String flags = "|0|1|0|0|0|0|0|0|1|0|0|0|0|0|0|0|0|0|0";
    write(
        "u.item",
        "242|Kolya (1996)|24-Jan-1997||http://x/?a,b"
            + flags
            + "\n302|Nobody (1997)|||"
            + flags.replace('1', '0')
            + "\n");
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("scenario") + " " + row.get("label"))
          .containsExactly("Action 0", "(no genres listed) 1");
      assertThat(Rows.of(reader, RawTable.ITEMS).get(0))
          .containsEntry("genres", "[\"Action\",\"Drama\"]");
      assertThat(Rows.of(reader, RawTable.USERS).get(1)).containsEntry("zip", "00000");
    }
  }

  @Test
  void usersWithoutAnAgeAreNamedWhereItIsTheScenario() throws IOException {
    write("ratings.dat", "1::10::4::978300760\n");
    write("users.dat", "1::F::::10::48067\n");
    write("movies.dat", "10::Film (1995)::Drama\n");
    try (DatasetReader reader = reader(BY_AGE)) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContainingAll("users.dat, line 1: column 'age' has ", "which is not a value");
    }
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(1);
    }
  }

  @Test
  void malformedRatingsAreNamedWithTheirPlace() throws IOException {
    Files.writeString(
        folder.resolve("ratings.csv"), "userId,movieId,rating,timestamp\n1,1,good,9\n");
    Files.writeString(folder.resolve("movies.csv"), "movieId,title,genres\n1,A,Drama\n");
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(
              "ratings.csv, line 2: column 'rating' has 'good', which is not a number.");
    }
  }

  @Test
  void ratingsWithoutAScenarioAreLeftOutAndCounted() throws IOException {
    write("ratings.dat", "1::10::5::9\n2::12::3::9\n3::10::4::9\n3::12::4::9\n");
    write("users.dat", "1::F::1::10::48067\n2::M::56::16::70072\n");
    write("movies.dat", "10::Heat (1995)::Crime\n11::Unrated (1999)::War\n");
    try (DatasetReader reader = reader(BY_GENRE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("scenario"))
          .containsExactly("1 Crime", "3 Crime");
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows("ratings of films that are not listed", 2, false, List.of()));
    }
    try (DatasetReader reader = reader(BY_AGE)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("scenario"))
          .containsExactly("1 under-25", "2 35+");
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows("ratings by users that are not listed", 2, false, List.of()));
    }
  }

  private void write(String name, String text) throws IOException {
    Files.write(folder.resolve(name), text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private DatasetReader reader(MovieLensConfig config) {
    return new MovieLensFactory().create(config, Contexts.of(folder, scratch));
  }
}

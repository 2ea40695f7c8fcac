package org.llm4msr.plugins.datasets.generator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.llm4msr.plugins.datasets.generator.log.RowWriter.quoted;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.ItemTexts;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;

/** Writes ratings in the schema of a release of MovieLens; a positive is a rating above 3. */
final class MovieLensGenerator implements DatasetGenerator {

  private static final List<String> CSV = List.of("latest", "32m", "25m", "20m");
  private static final Instant BEGIN = Instant.parse("2000-04-25T00:00:00Z");
  private static final Duration SPAN = Duration.ofDays(1000);
  private static final String NO_GENRE = "(no genres listed)";
  private static final List<String> GENRES =
      List.of("Drama", "Comedy", "Action", "Documentary", NO_GENRE);
  private static final List<String> OLD_GENRES =
      List.of("Drama", "Comedy", "Action", "Documentary", "Children's");

  /** The genres of 100k, in the order of its flags. */
  private static final List<String> FLAGS =
      List.of(
          ("unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy"
                  + "|Film-Noir|Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western")
              .split("\\|"));

  private static final List<String> OCCUPATIONS =
      List.of("administrator", "engineer", "other", "student", "writer");
  private static final int[] AGES = {1, 18, 25, 35, 45, 50, 56};

  private final MovieLensGeneratorConfig config;
  private final Path folder;
  private final boolean csv;
  private final boolean halfStars;
  private final boolean oldest;
  private final List<String> genres;
  private final DrawnLog log;
  private final SplittableRandom random;

  MovieLensGenerator(MovieLensGeneratorConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    csv = CSV.contains(config.release());
    halfStars = csv || config.release().equals("10m");
    oldest = config.release().equals("100k");
    genres = halfStars ? GENRES : OLD_GENRES;
    log = new DrawnLog(config.size(), genres, true, 1);
    random = new SplittableRandom(config.seed() + 2);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    movies();
    if (!halfStars) {
      users();
    }
    try (RowWriter ratings = file("ratings", "data", "\t")) {
      if (csv) {
        ratings.row("userId", "movieId", "rating", "timestamp");
      }
      log.draw(
          BEGIN,
          SPAN,
          progress,
          row ->
              ratings.row(
                  row.user() + 1, row.item() + 1, rating(row.positive()), row.time() / 1000));
    }
    log.label(folder, "ml-" + config.release(), "{ name: movielens, path: . }");
  }

  /**
   * Opens a file.
   *
   * @param end the name in 100k after {@code u.}
   * @param separator of 100k
   */
  private RowWriter file(String name, String end, String separator) throws IOException {
    if (csv) {
      return new RowWriter(folder.resolve(name + ".csv"), ",");
    }
    return oldest
        ? new RowWriter(folder.resolve("u." + end), separator, ISO_8859_1)
        : new RowWriter(folder.resolve(name + ".dat"), "::", halfStars ? UTF_8 : ISO_8859_1);
  }

  /** Whole stars have no decimal in 10m. */
  private Object rating(boolean positive) {
    if (halfStars) {
      int halves = positive ? 7 + random.nextInt(4) : 1 + random.nextInt(6);
      if (csv || halves % 2 == 1) {
        return halves / 2.0;
      }
      return halves / 2;
    }
    return positive ? 4 + random.nextInt(2) : 1 + random.nextInt(3);
  }

  private void movies() throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    try (RowWriter movies = file("movies", "item", "|")) {
      if (csv) {
        movies.row("movieId", "title", "genres");
      }
      for (int movie = 0; movie < config.items(); movie++) {
        String first = genres.get(log.scenario(movie));
        String all = movie % 2 == 0 || first.equals(NO_GENRE) ? first : first + "|Thriller";
        int year = 1930 + movie % 70;
        String title = "Café \"" + texts.title(movie) + "\", The (" + year + ")";
        if (oldest) {
          movies.row(
              movie + 1, title, "01-Jan-" + year, "", "http://example.org/?" + movie, flags(all));
        } else {
          movies.row(movie + 1, csv ? quoted(title) : title, all);
        }
      }
    }
  }

  private void users() throws IOException {
    try (RowWriter users = file("users", "user", "|")) {
      for (int user = 0; user < config.users(); user++) {
        int age = AGES[log.model().sectorOfUser(user, AGES.length)];
        String zip =
            String.format(Locale.ROOT, "%05d", random.nextInt(100_000))
                + (user % 50 == 0 ? "-2117" : "");
        String gender = random.nextBoolean() ? "F" : "M";
        int occupation = random.nextInt(21);
        if (oldest) {
          users.row(user + 1, age, gender, OCCUPATIONS.get(occupation % OCCUPATIONS.size()), zip);
        } else {
          users.row(user + 1, gender, age, occupation, zip);
        }
      }
    }
  }

  private static String flags(String genres) {
    List<String> set = List.of(genres.split("\\|"));
    return FLAGS.stream().map(flag -> set.contains(flag) ? "1" : "0").collect(joining("|"));
  }
}

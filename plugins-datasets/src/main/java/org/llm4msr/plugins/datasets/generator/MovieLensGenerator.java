package org.llm4msr.plugins.datasets.generator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.llm4msr.plugins.datasets.generator.RowFile.quoted;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;

/** Writes ratings in the schema of MovieLens latest or 1m; a positive is a rating above 3. */
final class MovieLensGenerator implements DatasetGenerator {

  private static final Instant BEGIN = Instant.parse("2000-04-25T00:00:00Z");
  private static final Duration SPAN = Duration.ofDays(1000);
  private static final String NO_GENRE = "(no genres listed)";
  private static final List<String> GENRES =
      List.of("Drama", "Comedy", "Action", "Documentary", NO_GENRE);
  private static final List<String> OLD_GENRES =
      List.of("Drama", "Comedy", "Action", "Documentary", "Children's");
  private static final int[] AGES = {1, 18, 25, 35, 45, 50, 56};

  private final MovieLensGeneratorConfig config;
  private final Path folder;
  private final boolean latest;
  private final List<String> genres;
  private final DrawnLog log;
  private final SplittableRandom random;

  MovieLensGenerator(MovieLensGeneratorConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    latest = config.release().equals("latest");
    genres = latest ? GENRES : OLD_GENRES;
    log = new DrawnLog(config.size(), genres, true, 1);
    random = new SplittableRandom(config.seed() + 2);
  }

  @Override
  public void generate(Progress progress) throws IOException {
    movies();
    if (!latest) {
      users();
    }
    try (RowFile ratings = file("ratings")) {
      if (latest) {
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

  private RowFile file(String name) throws IOException {
    return latest
        ? new RowFile(folder.resolve(name + ".csv"), ",")
        : new RowFile(folder.resolve(name + ".dat"), "::", ISO_8859_1);
  }

  /** Half stars in the newer releases. */
  private Object rating(boolean positive) {
    if (latest) {
      return (positive ? 7 + random.nextInt(4) : 1 + random.nextInt(6)) / 2.0;
    }
    return positive ? 4 + random.nextInt(2) : 1 + random.nextInt(3);
  }

  private void movies() throws IOException {
    ItemTexts texts = new ItemTexts(log.model(), config.seed());
    try (RowFile movies = file("movies")) {
      if (latest) {
        movies.row("movieId", "title", "genres");
      }
      for (int movie = 0; movie < config.items(); movie++) {
        String first = genres.get(log.scenario(movie));
        String all = movie % 2 == 0 || first.equals(NO_GENRE) ? first : first + "|Thriller";
        String title = "Café \"" + texts.title(movie) + "\", The (" + (1930 + movie % 70) + ")";
        movies.row(movie + 1, latest ? quoted(title) : title, all);
      }
    }
  }

  private void users() throws IOException {
    try (RowFile users = file("users")) {
      for (int user = 0; user < config.users(); user++) {
        int age = AGES[log.model().sectorOfUser(user, AGES.length)];
        String zip = "%05d".formatted(random.nextInt(100_000)) + (user % 50 == 0 ? "-2117" : "");
        users.row(user + 1, random.nextBoolean() ? "F" : "M", age, random.nextInt(21), zip);
      }
    }
  }
}

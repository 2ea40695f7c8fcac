package org.llm4msr.plugins.datasets.published;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.llm4msr.plugins.datasets.input.Dialect;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.toolkit.database.SqlText;

/**
 * The files of one release.
 *
 * @param ratings one row per rating
 * @param movies one row per film
 * @param users one row per user: {@code user_id, age, gender, occupation, zip}, if there are users
 * @param ratingQuery gives {@code user, item, rating, seconds}
 * @param movieQuery gives {@code item, title, genres}
 */
record MovieLensFiles(
    CsvTable ratings,
    CsvTable movies,
    Optional<CsvTable> users,
    String ratingQuery,
    String movieQuery) {

  private static final Dialect BAR = new Dialect("|", "", false, ISO_8859_1);
  private static final Dialect TAB = new Dialect("\t", "", false, ISO_8859_1);

  /** The flags of ml-100k, in the order of its columns. */
  private static final List<String> FLAGS =
      List.of(
          "unknown",
          "Action",
          "Adventure",
          "Animation",
          "Children's",
          "Comedy",
          "Crime",
          "Documentary",
          "Drama",
          "Fantasy",
          "Film-Noir",
          "Horror",
          "Musical",
          "Mystery",
          "Romance",
          "Sci-Fi",
          "Thriller",
          "War",
          "Western");

  static MovieLensFiles find(Path path, RawDatabase database) {
    RawFolder folder = RawFolder.with(path, List.of(), "ratings\\.csv|ratings\\.dat|u\\.data");
    if (folder.optional("ratings.csv").isPresent()) {
      return latest(folder, database);
    }
    return folder.optional("ratings.dat").isPresent()
        ? doubleColon(folder, database)
        : hundredThousand(folder, database);
  }

  private static MovieLensFiles latest(RawFolder folder, RawDatabase database) {
    CsvTable ratings = CsvTable.open(database, List.of(folder.file("ratings.csv")));
    ratings.require("userId", "movieId", "rating", "timestamp");
    ratings.type("BIGINT", "userId", "movieId", "timestamp").type("DOUBLE", "rating");
    ratings.present("userId", "movieId").finite("rating").seconds("timestamp");
    CsvTable movies = CsvTable.open(database, List.of(folder.file("movies.csv")));
    movies.require("movieId", "title", "genres").type("BIGINT", "movieId").present("movieId");
    return new MovieLensFiles(
        ratings,
        movies,
        Optional.empty(),
        "SELECT userId AS user, movieId AS item, rating, timestamp AS seconds FROM "
            + ratings.scan(),
        "SELECT movieId AS item, title, string_split(genres, '|') AS genres FROM " + movies.scan());
  }

  /** Reads 1m, in Latin-1 and with users, or 10m, in UTF-8 and without. */
  private static MovieLensFiles doubleColon(RawFolder folder, RawDatabase database) {
    Optional<Path> userFile = folder.optional("users.dat");
    Dialect dialect = new Dialect("::", "", false, userFile.isPresent() ? ISO_8859_1 : UTF_8);
    CsvTable ratings = headlessRatings(database, folder.file("ratings.dat"), dialect);
    CsvTable movies =
        CsvTable.headless(
                database,
                List.of(folder.file("movies.dat")),
                dialect,
                List.of("movie_id", "title", "genres"))
            .type("BIGINT", "movie_id")
            .present("movie_id");
    Optional<CsvTable> users =
        userFile.map(
            file ->
                CsvTable.headless(
                        database,
                        List.of(file),
                        dialect,
                        List.of("user_id", "gender", "age", "occupation", "zip"))
                    .type("BIGINT", "user_id", "age")
                    .present("user_id"));
    return new MovieLensFiles(
        ratings,
        movies,
        users,
        ratingQuery(ratings),
        "SELECT movie_id AS item, title, string_split(genres, '|') AS genres FROM "
            + movies.scan());
  }

  private static CsvTable headlessRatings(RawDatabase database, Path file, Dialect dialect) {
    return CsvTable.headless(
            database, List.of(file), dialect, List.of("user_id", "movie_id", "rating", "timestamp"))
        .type("BIGINT", "user_id", "movie_id", "timestamp")
        .type("DOUBLE", "rating")
        .present("user_id", "movie_id")
        .finite("rating")
        .seconds("timestamp");
  }

  private static MovieLensFiles hundredThousand(RawFolder folder, RawDatabase database) {
    CsvTable ratings = headlessRatings(database, folder.file("u.data"), TAB);
    List<String> columns =
        Stream.concat(
                Stream.of("movie_id", "title", "release_date", "video_release_date", "url"),
                FLAGS.stream())
            .toList();
    CsvTable movies =
        CsvTable.headless(database, List.of(folder.file("u.item")), BAR, columns)
            .type("BIGINT", "movie_id")
            .present("movie_id");
    CsvTable users =
        CsvTable.headless(
                database,
                List.of(folder.file("u.user")),
                BAR,
                List.of("user_id", "age", "gender", "occupation", "zip"))
            .type("BIGINT", "user_id", "age")
            .present("user_id");
    String genres =
        FLAGS.stream()
            .map(
                flag ->
                    "CASE "
                        + SqlText.identifier(flag)
                        + " WHEN '1' THEN "
                        + SqlText.literal(flag)
                        + " END")
            .collect(joining(", ", "list_filter([", "], lambda genre: genre IS NOT NULL)"));
    return new MovieLensFiles(
        ratings,
        movies,
        Optional.of(users),
        ratingQuery(ratings),
        "SELECT movie_id AS item, title, " + genres + " AS genres FROM " + movies.scan());
  }

  private static String ratingQuery(CsvTable ratings) {
    return "SELECT user_id AS user, movie_id AS item, rating, timestamp AS seconds FROM "
        + ratings.scan();
  }
}

package org.llm4msr.plugins.datasets.published;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.toolkit.database.SqlText;

/** MovieLens as queries over the files of any release. */
final class MovieLensFormat {

  private static final String NO_GENRE = "(no genres listed)";

  /** The genres of all releases, in the order of their size as first genres. */
  private static final List<String> GENRES =
      List.of(
          "Action",
          "Comedy",
          "Drama",
          "Adventure",
          "Crime",
          "Animation",
          "Children",
          "Children's",
          "Horror",
          "Documentary",
          "Mystery",
          "Thriller",
          "Fantasy",
          "Sci-Fi",
          "Film-Noir",
          "Romance",
          "Musical",
          "Western",
          "War",
          "IMAX",
          "unknown",
          NO_GENRE);

  private static final List<RawScenario> AGES =
      List.of(
          new RawScenario("25-34", "aged 25 to 34", "Films rated by users aged 25 to 34."),
          new RawScenario("35+", "aged 35 and above", "Films rated by users aged 35 and above."),
          new RawScenario("under-25", "under 25", "Films rated by users under 25."));

  private final MovieLensConfig config;
  private final RawDatabase database;
  private final MovieLensFiles files;

  MovieLensFormat(MovieLensConfig config, Path folder, RawDatabase database) {
    this.config = config;
    this.database = database;
    files = MovieLensFiles.find(folder, database);
    if (byAge() && files.users().isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "data/NO_AGES",
          "This release of MovieLens does not say how old users are: "
              + folder
              + ". Set dataset.scenarioBy to genre, or use ml-1m or ml-100k.");
    }
    if (byAge()) {
      files.users().ifPresent(users -> users.present("age"));
    }
  }

  DatasetReader reader() {
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    queries.put(RawTable.INTERACTIONS, interactions());
    queries.put(RawTable.ITEMS, "SELECT item, title, genres FROM (" + files.movieQuery() + ")");
    files.users().ifPresent(users -> queries.put(RawTable.USERS, users(users)));
    List<CsvTable> tables =
        Stream.concat(Stream.of(files.ratings(), files.movies()), files.users().stream()).toList();
    SqlDatasetReader reader =
        new SqlDatasetReader(database, schema(), scenarios(), tables, queries)
            .logging(files.ratings().log(true));
    String film = files.movies().columns().get(0);
    reader.describing(RawTable.ITEMS, files.movies(), film, film);
    files
        .users()
        .ifPresent(users -> reader.describing(RawTable.USERS, users, "user_id", "user_id"));
    return reader.leavingOut(
        "ratings %s that are not listed".formatted(byAge() ? "by users" : "of films"),
        "SELECT count(*) FROM (" + files.ratingQuery() + ") r ANTI JOIN " + sideOfRating());
  }

  private boolean byAge() {
    return config.scenarioBy() == MovieLensConfig.ScenarioBy.AGE;
  }

  private RawSchema schema() {
    Fields fields = Fields.ofInteractions();
    fields.lists(RawTable.ITEMS, FieldRole.ITEM, "genres");
    List<RawTable> tables = new ArrayList<>(List.of(RawTable.INTERACTIONS, RawTable.ITEMS));
    List<String> userText = List.of();
    if (files.users().isPresent()) {
      tables.add(RawTable.USERS);
      fields.categorical(RawTable.USERS, FieldRole.USER, "gender", "age", "occupation", "zip");
      userText = List.of("gender", "age");
    }
    return new RawSchema(
        tables,
        fields.list(),
        true,
        false,
        userText,
        List.of("title", "genres"),
        "rating > " + config.positiveAbove());
  }

  private List<RawScenario> scenarios() {
    if (byAge()) {
      return AGES;
    }
    return GENRES.stream()
        .map(
            genre ->
                new RawScenario(
                    genre,
                    genre,
                    genre.equals(NO_GENRE)
                        ? "Films without a genre."
                        : "Films whose first genre is " + genre + "."))
        .toList();
  }

  /** Joins would lose the order of the ratings, by which the split breaks ties in time. */
  private String interactions() {
    String scenario =
        byAge()
            ? "CASE WHEN u.age::INTEGER < 25 THEN 'under-25' WHEN u.age::INTEGER < 35 THEN '25-34'"
                + " ELSE '35+' END"
            : "coalesce(m.genres[1], " + SqlText.literal(NO_GENRE) + ")";
    return "SELECT r.user, r.item, "
        + scenario
        + " AS scenario, "
        + Sql.above("r.rating", config.positiveAbove())
        + " AS label, r.seconds * 1000 AS time FROM (SELECT *, row_number() OVER () AS"
        + " place FROM ("
        + files.ratingQuery()
        + ")) r JOIN "
        + sideOfRating()
        + " ORDER BY r.place";
  }

  /** Returns the source of a rating's scenario, and how it is joined. */
  private String sideOfRating() {
    return byAge()
        ? Sql.firstOfEach("user", "(" + users(files.users().orElseThrow()) + ")")
            + " u ON u.user = r.user"
        : Sql.firstOfEach("item", "(" + files.movieQuery() + ")") + " m ON m.item = r.item";
  }

  private static String users(CsvTable users) {
    return "SELECT user_id AS user, gender, age, occupation, zip FROM " + users.scan();
  }
}

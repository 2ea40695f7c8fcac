package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** Scores of a CSV file, in the order of its rows. */
final class ScoredFiles {

  private ScoredFiles() {}

  /**
   * Returns those that Spark wrote.
   *
   * @param folder with the column {@code n}, the number of the row
   */
  static List<Float> read(Path folder) throws SQLException {
    return query("SELECT score FROM read_parquet('%s/*.parquet') ORDER BY n::BIGINT", folder);
  }

  /**
   * Returns those of one thread of this process.
   *
   * @param knowledge the folder with the vectors of new items, or null
   */
  static List<Float> score(Path bundle, Path file, ConfigLoader loader, @Nullable Path knowledge)
      throws IOException, SQLException {
    Path scores = SharedFolder.make("llm4msr-scores").resolve("scores.parquet");
    try (Scorer scorer = Scorer.load(bundle, List.of("runtime.threads=1"), loader)) {
      if (knowledge != null) {
        scorer.readNewItems(knowledge);
      }
      scorer.score(new ScoringRequest(file, scores), Progress.NONE);
    }
    return query("SELECT score FROM read_parquet('%s') ORDER BY row", scores);
  }

  private static List<Float> query(String query, Path place) throws SQLException {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = database.createStatement();
        ResultSet rows = sql.executeQuery(query.formatted(place))) {
      List<Float> scores = new ArrayList<>();
      while (rows.next()) {
        scores.add(rows.getFloat(1));
      }
      return scores;
    }
  }
}

package org.llm4msr.runtime.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.scoring.RowScores;
import org.llm4msr.runtime.scoring.Scorer;

/**
 * Loads the model of a bundle. It is called with {@code bundle} (its folder), {@code knowledge} (a
 * folder with the vectors of new items, or none), {@code overrides}, {@code plugins} and {@code
 * listSeparator}, and returns a function that is safe for several threads, and closeable.
 *
 * <p>That function is called with {@code rows} (how many), {@code columns} (a map from name to
 * {@code Object[]}), {@code faults} ({@code String[]}, or none), {@code first} (number of the first
 * row, for errors) and {@code skip} (whether rows that cannot be read are no error). It returns
 * {@code scores} ({@code float[]}, NaN for such rows), {@code labels} (likewise of the further
 * labels, {@code float[][]}), {@code problems} (a map from the place of such a row to why it cannot
 * be read), {@code unknownUsers} and {@code unknownItems} (how many rows name one that the model
 * does not know, {@code Long}).
 */
public final class OpenScoring implements Function<Object, Object> {

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> open(settings));
  }

  private static BatchScoring open(Settings settings) {
    // Tasks score at once, each on its own thread.
    List<String> overrides = new ArrayList<>(List.of("runtime.threads=1"));
    overrides.addAll(settings.texts("overrides"));
    Scorer scorer = Scorer.load(settings.folder("bundle"), overrides, settings.loader());
    try {
      String knowledge = settings.optional("knowledge");
      if (knowledge != null) {
        scorer.readNewItems(Path.of(knowledge));
      }
      return new BatchScoring(scorer, settings);
    } catch (RuntimeException | Error e) {
      scorer.close();
      throw e;
    }
  }

  /** Scores batches with a loaded model. */
  private record BatchScoring(Scorer scorer, Settings opened)
      implements Function<Object, Object>, AutoCloseable {

    @Override
    public Object apply(Object argument) {
      return Errors.passOn(opened::plugins, () -> score(Settings.of(argument)));
    }

    private Map<String, Object> score(Settings batch) {
      long first = (Long) batch.number("first");
      Map<Integer, String> problems = new HashMap<>();
      GivenRows rows =
          new GivenRows(
              (Integer) batch.number("rows"),
              scorer.columns(),
              opened.text("listSeparator"),
              columns(batch),
              (String[]) batch.values().get("faults"));
      boolean skip = batch.is("skip");
      try {
        RowScores scores =
            scorer.scoreLabels(
                rows,
                first,
                skip ? row -> problems.put((int) (row.row() - first), row.text()) : null);
        return Map.of(
            "scores",
            scores.scores(),
            "labels",
            scores.further(),
            "problems",
            problems,
            "unknownUsers",
            scores.unknown().users(),
            "unknownItems",
            scores.unknown().items());
      } catch (RowException e) {
        throw new MsrException(
            e.type(), e.code(), e.text() + " To score the other rows, add --malformed skip.", e);
      }
    }

    private static Map<String, @Nullable Object[]> columns(Settings batch) {
      Map<String, @Nullable Object[]> columns = new HashMap<>();
      ((Map<?, ?>) batch.required("columns"))
          .forEach((name, values) -> columns.put((String) name, (Object[]) values));
      return columns;
    }

    @Override
    public void close() {
      scorer.close();
    }
  }
}

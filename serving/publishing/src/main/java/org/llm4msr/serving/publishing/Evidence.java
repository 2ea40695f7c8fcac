package org.llm4msr.serving.publishing;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.CalibrationFit;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.UntimedRows;

/**
 * What labelled rows say of a version: those with an even number fit its calibration, the others
 * tell how good it is.
 */
final class Evidence {

  private final LabelledRows rows;
  private final Scorer scorer;
  private final Calibration present;
  private final @Nullable Scorer old;
  private final List<String> scenarios;
  private final Map<String, Integer> ranks = new HashMap<>();

  /**
   * Reads nothing yet.
   *
   * @param scorer of the new version
   * @param present its calibration until now
   * @param old that of the version before; null if there is none
   * @param scenarios keys of the new version, by rank
   */
  Evidence(
      LabelledRows rows,
      Scorer scorer,
      Calibration present,
      @Nullable Scorer old,
      List<String> scenarios) {
    this.rows = rows;
    this.scorer = scorer;
    this.present = present;
    this.old = old;
    this.scenarios = scenarios;
    scenarios.forEach(key -> ranks.put(key, ranks.size()));
  }

  /**
   * Returns a calibration of the new version, in place of the present one. The rows have the main
   * label alone, so that of further labels stays.
   */
  Calibration fit() {
    CalibrationFit fit = new CalibrationFit(scenarios);
    rows.forEach(
        scorer.columns(),
        (some, first) -> {
          if (first == 0) {
            boolean unused =
                UntimedRows.warn(rows.file(), scorer.columns(), some.values().columns());
          }
          float[] scores = scorer.score(some.values(), first, null);
          for (int row = 0; row < some.size(); row++) {
            float label = some.label(row, first);
            if (isForFit(first + row)) {
              int rank = rank(some, row);
              float[] logit = {(float) present.logit(rank, scores[row])};
              fit.add(1, new int[] {rank}, new float[] {label}, logit);
            }
          }
        });
    return fit.result().withLabelsOf(present);
  }

  /**
   * Returns how good the versions are.
   *
   * @param fit the calibration of the new version
   */
  TrialResult trial(Calibration fit) {
    try (Trial trial = new Trial(scenarios, old != null)) {
      rows.forEach(
          columns(),
          (some, first) -> {
            float[] scores = scorer.score(some.values(), first, null);
            // A row that the version before cannot read, for example of a new scenario, is left
            // out.
            float[] before =
                old == null ? scores : old.score(some.values(), first, malformed -> {});
            for (int row = 0; row < some.size(); row++) {
              if (!isForFit(first + row)) {
                int[] scenario = {rank(some, row)};
                float[] calibrated = {(float) present.logit(scenario[0], scores[row])};
                fit.probabilities(1, scenario, calibrated, calibrated);
                String user = some.text(RawSchema.USER, row);
                trial.add(
                    scenario[0],
                    user,
                    some.label(row, first),
                    calibrated[0],
                    scores[row],
                    before[row]);
              }
            }
          });
      return trial.result();
    }
  }

  private List<ScoringColumn> columns() {
    List<ScoringColumn> columns = new ArrayList<>(scorer.columns());
    if (old != null) {
      old.columns().stream()
          .filter(column -> columns.stream().noneMatch(own -> own.name().equals(column.name())))
          .forEach(columns::add);
    }
    return columns;
  }

  private int rank(LabelledRows.Rows some, int row) {
    return requireNonNull(ranks.get(some.text(RawSchema.SCENARIO, row)), "was scored");
  }

  private static boolean isForFit(long row) {
    return row % 2 == 0;
  }
}

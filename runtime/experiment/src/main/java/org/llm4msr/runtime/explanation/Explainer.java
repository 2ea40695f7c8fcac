package org.llm4msr.runtime.explanation;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.assembly.ModelProbe;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.past.PastNeeds;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.Explanation.Likeness;
import org.llm4msr.runtime.explanation.Explanation.ReadSequence;
import org.llm4msr.runtime.explanation.Explanation.ScenarioMeans;
import org.llm4msr.runtime.knowledge.extraction.Cosines;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.terms.ScoreTerms;
import org.llm4msr.runtime.text.NearestName;

/** Explains the scores of a model. */
public final class Explainer {

  /** Rows that are scored at once where few are wanted. */
  private static final int FEW = 256;

  private final TrainableModel model;
  private final PreparedData data;
  private final Path prepared;
  private final Calibration calibration;
  private final ExperimentConfig config;

  /**
   * Makes an explainer.
   *
   * @param prepared the folder of the data
   * @param config of the model
   */
  public Explainer(
      TrainableModel model,
      PreparedData data,
      Path prepared,
      Calibration calibration,
      ExperimentConfig config) {
    this.model = model;
    this.data = data;
    this.prepared = prepared;
    this.calibration = calibration;
    this.config = config;
  }

  /**
   * What the model itself tells.
   *
   * @param likenesses of the scenarios
   * @param rows those of a user
   * @param items texts of the items that the rows name, by raw id
   */
  public record Findings(
      Set<Level> levels,
      List<Likeness> likenesses,
      List<ExplainedRow> rows,
      List<ScenarioMeans> means,
      Map<String, String> items) {}

  /**
   * Explains what is asked for.
   *
   * @param progress gets the number of rows
   * @throws MsrException {@code explain/UNKNOWN_USER}, {@code explain/UNKNOWN_SCENARIO} or {@code
   *     explain/UNKNOWN_ITEM}; {@code explain/MISSING_VALUE} where the score depends on more than
   *     user, item and scenario; {@code explain/TERMS} if the terms of the head are wrong
   */
  public Findings explain(ExplanationRequest request, Progress progress) {
    RowEncoder encoder = encoder();
    int user = find(Level.USER, request.user(), encoder.userKeys());
    int scenario = find(Level.SCENARIO, request.scenario(), data.manifest().scenarioKeys());
    find(Level.ITEM, request.item(), encoder.itemKeys());
    return model
        .engine()
        .call(
            () -> {
              model.engine().recordGradients(false);
              ModelProbe probe =
                  new ModelProbe(model, data.manifest().users(), data.manifest().items());
              ScoreExplainer scores =
                  new ScoreExplainer(
                      new ScoreTerms(
                          probe, calibration, requireNonNull(config.model()).fusion().name()),
                      new SequenceReader(probe, prepared),
                      data.manifest().scenarioKeys(),
                      most(request));
              if (request.item() == null) {
                int batchSize = config.training().batchSize();
                int rows = user < 0 ? batchSize : Math.min(batchSize, FEW);
                new PartRows(data, prepared, request.split(), user, scenario)
                    .explain(scores, rows, progress);
              } else {
                pair(request, encoder).explain(scores);
              }
              return new Findings(
                  probe.levels(),
                  likenesses(probe),
                  scores.rows(),
                  scores.means(),
                  texts(scores.rows(), encoder.itemKeys()));
            });
  }

  /** A pair may bring a time and a past, where the model reads the past. */
  private RowEncoder encoder() {
    EventLogs events = ModelFiles.events(model);
    PastNeeds past = config.past();
    RowEncoder encoder = RowEncoder.open(prepared);
    return events == null || past == null ? encoder : encoder.with(events.times(past));
  }

  /** Returns how many rows are kept: those of a pair are one a scenario. */
  private int most(ExplanationRequest request) {
    if (request.user() == null) {
      return 0;
    }
    return request.item() == null ? request.rows() : data.manifest().scenarios().size();
  }

  private static PairRows pair(ExplanationRequest request, RowEncoder encoder) {
    return new PairRows(
        encoder,
        requireNonNull(request.user()),
        requireNonNull(request.item()),
        request.scenario() == null
            ? encoder.manifest().scenarioKeys()
            : List.of(request.scenario()),
        request.values());
  }

  /** Returns the place of a key, -1 for none, and refuses one that the data does not have. */
  private int find(Level level, @Nullable String key, List<String> known) {
    int place = key == null ? -1 : known.indexOf(key);
    if (key != null && place < 0) {
      throw new MsrException(
          ErrorType.USER,
          "explain/UNKNOWN_" + level,
          "The data in %s has no %s '%s'.%s Give one as the raw files have it, %s."
              .formatted(
                  prepared,
                  level.name().toLowerCase(Locale.ROOT),
                  key,
                  NearestName.hint(key, known),
                  level == Level.SCENARIO
                      ? "one of " + String.join(", ", known)
                      : "such as " + known.get(0)));
    }
    return place;
  }

  /** Returns the texts of the items of rows and their sequences. */
  private Map<String, String> texts(List<ExplainedRow> rows, List<String> keys) {
    Set<String> named = new HashSet<>();
    for (ExplainedRow row : rows) {
      if (row.item() != null) {
        named.add(row.item());
      }
      row.sequences().stream()
          .filter(ReadSequence::ofItems)
          .forEach(read -> named.addAll(read.values()));
    }
    Map<String, String> texts = new HashMap<>();
    if (!named.isEmpty()) {
      List<String> all = PreparedIds.open(prepared).itemTexts();
      for (int item = 0; item < keys.size(); item++) {
        if (named.contains(keys.get(item)) && !all.get(item).isBlank()) {
          texts.put(keys.get(item), all.get(item));
        }
      }
    }
    return texts;
  }

  private static List<Likeness> likenesses(ModelProbe probe) {
    List<Likeness> likenesses = new ArrayList<>();
    add("vectors as the model reads them", probe.scenarioVectors(), likenesses);
    add("generated weights", probe.scenarioWeights(), likenesses);
    return likenesses;
  }

  private static void add(String what, List<float[]> vectors, List<Likeness> target) {
    if (!vectors.isEmpty()) {
      target.add(new Likeness(what, vectors.get(0).length, Cosines.ofPairs(vectors)));
    }
  }
}

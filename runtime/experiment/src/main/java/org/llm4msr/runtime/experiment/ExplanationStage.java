package org.llm4msr.runtime.experiment;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.explanation.EpochValues;
import org.llm4msr.runtime.explanation.Explainer;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.Explanation.Likeness;
import org.llm4msr.runtime.explanation.Explanation.ScenarioName;
import org.llm4msr.runtime.explanation.Explanation.Subject;
import org.llm4msr.runtime.explanation.ExplanationRequest;
import org.llm4msr.runtime.knowledge.extraction.Cosines;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbourhood;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/**
 * Joins what the model of a run tells with what its knowledge says.
 *
 * @param knowledge the store that the model reads, null if it reads none
 */
record ExplanationStage(
    Experiment experiment,
    RunFolder folder,
    PreparedData data,
    @Nullable KnowledgeStore knowledge,
    ExplanationRequest request) {

  Explanation explanation(Explainer.Findings findings) {
    List<PreparedScenario> scenarios = data.manifest().scenarios();
    List<String> names = EvaluationReport.titles(scenarios);
    List<ScenarioName> named = new ArrayList<>();
    for (int rank = 0; rank < names.size(); rank++) {
      named.add(new ScenarioName(scenarios.get(rank).key(), names.get(rank)));
    }
    List<Likeness> likenesses = new ArrayList<>();
    List<Subject> subjects = List.of();
    if (knowledge != null) {
      likenesses.add(stored(knowledge));
      subjects =
          KnowledgeStage.inspect(
              experiment, knowledge, data, inspection -> subjects(inspection, findings));
    }
    likenesses.addAll(findings.likenesses());
    return new Explanation(
        folder.path().getFileName().toString(),
        experiment.config().model().fusion().name(),
        List.copyOf(findings.levels()),
        request.item() == null ? request.split().key() : null,
        named,
        subjects,
        likenesses,
        EpochValues.of(folder.path().resolve("metrics.jsonl")),
        findings.rows(),
        findings.means(),
        findings.items(),
        knowledge != null && knowledge.info().leakFutureInteractions(),
        experiment.config().config().readsLaterParts());
  }

  private Likeness stored(KnowledgeStore store) {
    int size = store.scenarios().dimension();
    List<float @Nullable []> vectors = new ArrayList<>();
    for (String key : data.manifest().scenarioKeys()) {
      float[] vector = new float[size];
      vectors.add(store.scenarios().read(key, vector) ? vector : null);
    }
    return new Likeness("stored vectors", size, Cosines.ofPairs(vectors));
  }

  private List<Subject> subjects(KnowledgeInspection inspection, Explainer.Findings findings) {
    List<Subject> subjects = new ArrayList<>();
    for (Level level : Level.values()) {
      List<String> keys = keys(level);
      List<Neighbourhood> near = inspection.nearest(level, keys, request.neighbours());
      for (String key : keys) {
        Neighbourhood own =
            near.stream().filter(found -> found.key().equals(key)).findFirst().orElse(null);
        subjects.add(new Subject(level, key, findings.levels().contains(level), own));
      }
    }
    return subjects;
  }

  private List<String> keys(Level level) {
    String asked =
        switch (level) {
          case USER -> request.user();
          case SCENARIO -> request.scenario();
          case ITEM -> request.item();
        };
    if (asked != null) {
      return List.of(asked);
    }
    return level == Level.SCENARIO ? data.manifest().scenarioKeys() : List.of();
  }
}

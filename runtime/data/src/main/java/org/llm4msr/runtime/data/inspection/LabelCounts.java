package org.llm4msr.runtime.data.inspection;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.inspection.PreparedSummary.FurtherLabel;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;

/** Counts further labels, by label, part and scenario: where each is known, and where it is 1. */
final class LabelCounts {

  private static final int ROWS = 8192;

  private final PreparedData data;
  private final long[][][] known;
  private final long[][][] positive;

  private LabelCounts(PreparedData data) {
    this.data = data;
    int labels = data.manifest().labels().size();
    int scenarios = data.manifest().scenarios().size();
    known = new long[labels][Split.values().length][scenarios];
    positive = new long[labels][Split.values().length][scenarios];
  }

  /** Reads the rows once; not at all where there are no further labels. */
  static List<FurtherLabel> of(PreparedData data) {
    LabelCounts counts = new LabelCounts(data);
    if (counts.known.length > 0) {
      for (Split split : Split.values()) {
        counts.read(split);
      }
    }
    return counts.result();
  }

  private void read(Split split) {
    try (BatchSource source = data.withoutFields(split, ROWS)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        add(batch, split.number());
      }
    }
  }

  private void add(Batch batch, int part) {
    float[][] labels = batch.labels;
    for (int label = 0; labels != null && label < labels.length; label++) {
      for (int i = 0; i < batch.size; i++) {
        float value = labels[label][i];
        known[label][part][batch.scenario[i]] += Float.isNaN(value) ? 0 : 1;
        positive[label][part][batch.scenario[i]] += value == 1 ? 1 : 0;
      }
    }
  }

  private List<FurtherLabel> result() {
    List<FurtherLabel> result = new ArrayList<>();
    List<PreparedScenario> scenarios = data.manifest().scenarios();
    for (int label = 0; label < known.length; label++) {
      for (int scenario = 0; scenario < scenarios.size(); scenario++) {
        result.add(
            new FurtherLabel(
                data.manifest().labels().get(label),
                scenarios.get(scenario).name(),
                parts(label, scenario)));
      }
    }
    return result;
  }

  private List<Labels> parts(int label, int scenario) {
    return IntStream.range(0, Split.values().length)
        .mapToObj(
            part -> Labels.of(known[label][part][scenario], positive[label][part][scenario], null))
        .toList();
  }
}

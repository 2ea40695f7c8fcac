package org.llm4msr.serving.ranker;

import ai.onnxruntime.OnnxTensor;
import java.nio.FloatBuffer;
import java.util.Map;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.LabelCalibrations;

/** The further labels of rows that a graph scores, in memory that the next rows reuse. */
final class GraphLabels {

  private static final String OUTPUT = "labels";

  private final ModelLabels labels;
  private final LabelCalibrations calibrations;
  private final FloatBuffer memory;
  private final float[] towers;
  private final float[][] probabilities;

  /**
   * Makes room.
   *
   * @param rows how many at most
   */
  GraphLabels(ModelLabels labels, Calibration calibration, int rows) {
    this.labels = labels;
    calibrations = LabelCalibrations.of(calibration, labels.names());
    int count = labels.names().size();
    memory = GraphSession.memory(rows * count);
    towers = new float[rows * count];
    probabilities = new float[count][rows];
  }

  /** Adds the output of the graph, if the model learns further labels. */
  void addTo(Map<String, OnnxTensor> results, GraphSession scorer, int rows) {
    if (probabilities.length > 0) {
      results.put(OUTPUT, scorer.tensor(OUTPUT, memory.slice(0, rows * probabilities.length)));
    }
  }

  /**
   * Computes the probabilities of what the graph gave.
   *
   * @param main logits of the main label
   */
  void compute(Batch rows, float[] main) {
    if (probabilities.length == 0) {
      return;
    }
    memory.get(0, towers, 0, rows.size * probabilities.length);
    labels.logits(rows.size, main, towers, probabilities);
    calibrations.probabilities(rows.size, rows.scenario, probabilities, probabilities);
  }

  /** Returns the probabilities by label, then by row. */
  float[][] probabilities() {
    return probabilities;
  }
}

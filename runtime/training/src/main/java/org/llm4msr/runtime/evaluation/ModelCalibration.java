package org.llm4msr.runtime.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.runtime.assembly.Predictions;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.assembly.labels.ModelLabel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.calibration.CalibrationFit;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * Fits the calibration of a model to the validation part, each label by itself. Of a further label,
 * logits of scenarios whose rows do not know it are used as they are.
 */
public final class ModelCalibration {

  private final CalibrationFit main;
  private final List<ModelLabel> labels;
  private final List<CalibrationFit> further = new ArrayList<>();

  private ModelCalibration(List<String> scenarios, List<ModelLabel> labels) {
    main = new CalibrationFit(scenarios);
    this.labels = labels;
    labels.forEach(label -> further.add(new CalibrationFit(scenarios)));
  }

  /**
   * Fits all labels of a model.
   *
   * @param batchSize how many rows are predicted at once
   */
  public static Calibration of(TrainableModel model, PreparedData data, int batchSize) {
    ModelCalibration fits =
        new ModelCalibration(data.manifest().scenarioKeys(), model.labels().labels());
    if (fits.labels.isEmpty()) {
      Predictions.forEach(
          model,
          data,
          Split.VALIDATION,
          batchSize,
          (batch, logits) -> fits.add(batch, logits, new float[0][]));
    } else {
      Predictions.forEachLabel(model, data, Split.VALIDATION, batchSize, fits::add);
    }
    return fits.result();
  }

  private void add(Batch batch, float[] logits, float[][] furtherLogits) {
    main.add(batch.size, batch.scenario, batch.label, logits);
    float[][] values = batch.labels;
    for (int l = 0; values != null && l < furtherLogits.length; l++) {
      float[] value = values[labels.get(l).column()];
      further.get(l).addKnown(batch.size, batch.scenario, value, furtherLogits[l]);
    }
  }

  private Calibration result() {
    Map<String, List<Calibration.Line>> lines = new TreeMap<>();
    for (int l = 0; l < labels.size(); l++) {
      Calibration fit = further.get(l).result();
      if (!fit.changesNothing()) {
        lines.put(
            labels.get(l).name(), fit.scenarios().stream().map(ModelCalibration::known).toList());
      }
    }
    return new Calibration(main.result().scenarios(), lines);
  }

  /** A tower of a scenario that does not know its label learns nothing that could be fitted. */
  private static Calibration.Line known(Calibration.Line line) {
    return line.rows() > 0 ? line : new Calibration.Line(line.scenario(), 1, 0, 0);
  }
}

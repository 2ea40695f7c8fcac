package org.llm4msr.serving.compiler;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import org.llm4msr.api.model.Pass;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.InputWidths;
import org.llm4msr.runtime.assembly.RowInputs;
import org.llm4msr.runtime.assembly.labels.LabelLogits;
import org.llm4msr.serving.recording.RecordedArrays;
import org.llm4msr.serving.recording.RequestGraphs;
import org.llm4msr.serving.recording.RequestPass;

/** The pass of a model of the runtime. */
public record ModelPass(InferenceModel model) implements RequestPass {

  /** The embedded fields of the rows, (B, W). */
  public static final String ROWS = "rows";

  /** The knowledge of the rows' items, (B, K). */
  public static final String ITEMS = "items";

  /** The similarities of the rows, (B, n). */
  public static final String HISTORY = "history";

  /**
   * Records what the model computes in one scenario.
   *
   * @param scenario rank
   */
  public RequestGraphs record(int scenario) {
    return model
        .engine()
        .finish(
            () -> {
              model.engine().recordGradients(false);
              try (NDManager manager =
                  model.engine().engine().newBaseManager(model.engine().device())) {
                int scenarios = model.shape().scenarios().size();
                return RequestGraphs.of(this, manager, scenarios, scenario);
              }
            });
  }

  @Override
  public NDArray logits(Pass pass, RecordedArrays arrays) {
    return model.logits(pass, inputs(arrays), arrays::constant);
  }

  @Override
  public NDList results(Pass pass, RecordedArrays arrays) {
    LabelLogits logits = model.labelLogits(pass, inputs(arrays), arrays::constant);
    NDList results = new NDList(logits.main());
    if (logits.towers() != null) {
      results.add(logits.towers());
    }
    return results;
  }

  private RowInputs inputs(RecordedArrays arrays) {
    InputWidths widths = model.widths();
    NDArray scenarios = model.scenarioKnowledge();
    return new RowInputs(
        arrays.ofRows(ROWS, widths.flat()),
        widths.users() == 0 ? null : arrays.ofUser(widths.users()),
        scenarios == null ? null : arrays.constant("scenarios", scenarios),
        widths.items() == 0 ? null : arrays.ofRows(ITEMS, widths.items()),
        widths.history() == 0 ? null : arrays.ofRows(HISTORY, widths.history()));
  }
}

package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.List;

/**
 * The recording of one pass.
 *
 * @param values all that it computes
 * @param logits (B)
 */
record RecordedPass(List<Value> values, Value logits) {

  /**
   * Records.
   *
   * @param manager owns the engine's arrays, which the caller closes
   * @param scenarios S
   * @param scenario rank
   * @param rows B
   */
  static RecordedPass of(
      RequestPass model, NDManager manager, int scenarios, int scenario, int rows) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Recorder recorder = new Recorder(manager);
      RecordingPass pass =
          new RecordingPass(
              recorder.manager(),
              new OneGroup(rows, scenarios, scenario),
              new OneGroup(rows, 1, 0),
              new OwnGroups(rows));
      NDArray logits = model.logits(pass, new RecordedArrays(recorder, manager, rows));
      return new RecordedPass(recorder.values(), recorder.value(logits));
    }
  }

  /** Returns an input by its name. */
  Value input(String name) {
    return values.stream().filter(value -> name.equals(value.name())).findFirst().orElseThrow();
  }
}

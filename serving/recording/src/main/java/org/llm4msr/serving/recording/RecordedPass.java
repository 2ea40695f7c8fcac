package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The recording of one pass.
 *
 * @param values all that it computes
 * @param logits (B)
 * @param labels what the towers of further labels give, (B, L); null where there are none
 */
record RecordedPass(List<Value> values, Value logits, @Nullable Value labels) {

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
      NDList results = model.results(pass, new RecordedArrays(recorder, manager, rows));
      return new RecordedPass(
          recorder.values(),
          recorder.value(results.get(0)),
          results.size() == 1 ? null : recorder.value(results.get(1)));
    }
  }

  /** Returns what the pass computes, by the names of outputs. */
  Map<String, Value> results() {
    Map<String, Value> results = new LinkedHashMap<>(Map.of(RequestGraphs.LOGITS, logits));
    if (labels != null) {
      results.put(RequestGraphs.LABELS, labels);
    }
    return results;
  }

  /** Returns an input by its name. */
  Value input(String name) {
    return values.stream().filter(value -> name.equals(value.name())).findFirst().orElseThrow();
  }
}

package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.HashMap;
import java.util.Map;

/** Makes what a recorded pass reads. For one thread. */
public final class RecordedArrays {

  private final Recorder recorder;
  private final NDManager manager;
  private final int rows;
  private final Map<String, NDArray> constants = new HashMap<>();

  RecordedArrays(Recorder recorder, NDManager manager, int rows) {
    this.recorder = recorder;
    this.manager = manager;
    this.rows = rows;
  }

  /** Returns an input with a row for each row of the request: (B, n). */
  public NDArray ofRows(String name, int columns) {
    return input(name, rows, columns);
  }

  /** Returns the knowledge of the user, (1, K), the input {@link RequestGraphs#USER}. */
  public NDArray ofUser(int columns) {
    return input(RequestGraphs.USER, 1, columns);
  }

  /** Makes an input. Its numbers do not matter. */
  private NDArray input(String name, int count, int columns) {
    return recorder.input(name, manager.randomUniform(-1f, 1f, new Shape(count, columns)));
  }

  /** Returns an array that is part of the model; the same for the same name. */
  public NDArray constant(String name, NDArray array) {
    return constants.computeIfAbsent(name, key -> recorder.constant(key, array));
  }
}

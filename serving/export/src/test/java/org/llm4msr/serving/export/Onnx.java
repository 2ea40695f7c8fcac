package org.llm4msr.serving.export;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.HashMap;
import java.util.Map;
import org.llm4msr.serving.recording.OnnxModel;

/** Runs graphs. */
final class Onnx {

  private Onnx() {}

  /** Returns the only output of a graph. */
  static Object run(OnnxModel graph, Map<String, ?> inputs) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try (OrtSession session = environment.createSession(graph.toBytes())) {
      for (Map.Entry<String, ?> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(environment, input.getValue()));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        return result.get(0).getValue();
      }
    }
  }
}

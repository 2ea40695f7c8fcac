package org.llm4msr.serving.recording;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;

/** Graphs as ONNX Runtime computes them. */
final class OnnxRun {

  private OnnxRun() {}

  /**
   * Computes the outputs of a graph.
   *
   * @param inputs Java arrays by name
   * @return the numbers of each output, row by row
   */
  static Map<String, float[]> of(OnnxModel graph, Map<String, ?> inputs) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> tensors = new HashMap<>();
    Map<String, float[]> outputs = new HashMap<>();
    try (OrtSession session = environment.createSession(graph.toBytes())) {
      for (Map.Entry<String, ?> input : inputs.entrySet()) {
        tensors.put(input.getKey(), OnnxTensor.createTensor(environment, input.getValue()));
      }
      try (OrtSession.Result result = session.run(tensors)) {
        result.forEach(
            output -> {
              FloatBuffer numbers = ((OnnxTensor) output.getValue()).getFloatBuffer();
              float[] values = new float[numbers.remaining()];
              numbers.get(values);
              outputs.put(output.getKey(), values);
            });
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
    return outputs;
  }
}

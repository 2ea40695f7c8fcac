package org.llm4msr.serving.ranker;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A graph on ONNX Runtime, computed on the calling thread. Several threads may run it at once. All
 * numbers are float32, and the one axis of a shape that is free is the rows.
 */
public final class GraphSession implements AutoCloseable {

  private final OrtEnvironment environment = OnnxEnvironment.get();
  private final OrtSession session;
  private final Map<String, long[]> inputs;
  private final Map<String, long[]> outputs;

  /**
   * Loads a graph.
   *
   * @param model in the format of ONNX
   */
  public GraphSession(byte[] model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      session = environment.createSession(model, options);
      inputs = shapes(session.getInputInfo());
      outputs = shapes(session.getOutputInfo());
    } catch (OrtException e) {
      throw failed(e);
    }
  }

  private static Map<String, long[]> shapes(Map<String, NodeInfo> infos) {
    return infos.entrySet().stream()
        .collect(
            Collectors.toUnmodifiableMap(
                Map.Entry::getKey, e -> ((TensorInfo) e.getValue().getInfo()).getShape()));
  }

  /** Returns whether the graph reads an input. */
  boolean reads(String input) {
    return inputs.containsKey(input);
  }

  /**
   * Makes a tensor over a buffer.
   *
   * @param name of an input or output
   * @param values direct, in native order; the tensor has as many rows as they have
   */
  OnnxTensor tensor(String name, FloatBuffer values) {
    long[] shape = inputs.containsKey(name) ? inputs.get(name) : outputs.get(name);
    if (shape == null) {
      throw new IllegalArgumentException("no input or output " + name);
    }
    long[] known = shape.clone();
    long others = 1;
    for (long size : shape) {
      others *= Math.max(size, 1);
    }
    for (int axis = 0; axis < known.length; axis++) {
      known[axis] = shape[axis] < 0 ? values.remaining() / others : shape[axis];
    }
    try {
      return OnnxTensor.createTensor(environment, values, known);
    } catch (OrtException e) {
      throw failed(e);
    }
  }

  /** Makes tensors over new memory for all outputs; for a graph without a free axis. */
  Map<String, OnnxTensor> outputTensors() {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    outputs.forEach(
        (name, shape) -> {
          long size = 1;
          for (long axis : shape) {
            size *= axis;
          }
          tensors.put(name, tensor(name, memory(Math.toIntExact(size))));
        });
    return tensors;
  }

  /** Returns memory of so many numbers that a graph reads and writes in place. */
  static FloatBuffer memory(int numbers) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(numbers, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /**
   * Computes outputs into tensors of the caller.
   *
   * @param given all inputs
   * @param results some outputs or all
   */
  void run(Map<String, OnnxTensor> given, Map<String, OnnxTensor> results) {
    try {
      session.run(given, results).close();
    } catch (OrtException e) {
      throw failed(e);
    }
  }

  /**
   * Computes all outputs.
   *
   * @param values inputs by name; those that the graph does not read are left out
   */
  public Map<String, FloatBuffer> run(Map<String, FloatBuffer> values) {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      for (String name : inputs.keySet()) {
        tensors.put(name, tensor(name, requireNonNull(values.get(name), name)));
      }
      Map<String, FloatBuffer> results = new HashMap<>();
      try (OrtSession.Result result = session.run(tensors)) {
        result.forEach(
            output -> {
              FloatBuffer copied = ((OnnxTensor) output.getValue()).getFloatBuffer();
              results.put(output.getKey(), copied);
            });
      }
      return results;
    } catch (OrtException e) {
      throw failed(e);
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private static MsrException failed(OrtException e) {
    return new MsrException(
        ErrorType.INTERNAL,
        "rank/GRAPH",
        "ONNX Runtime refuses a graph: %s Report it with the bundle's manifest."
            .formatted(e.getMessage()),
        e);
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw failed(e);
    }
  }
}

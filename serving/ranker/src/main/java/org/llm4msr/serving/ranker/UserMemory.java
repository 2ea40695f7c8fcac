package org.llm4msr.serving.ranker;

import ai.onnxruntime.OnnxTensor;
import java.nio.FloatBuffer;
import java.util.Map;

/** Memory outside of the heap for the weights of one user at a time. */
final class UserMemory implements AutoCloseable {

  private final Map<String, OnnxTensor> tensors;
  private final int bytes;
  private FloatBuffer source = GraphSession.memory(0);

  /** Takes tensors, by the names of the inputs of graphs of rows. */
  UserMemory(Map<String, OnnxTensor> tensors) {
    this.tensors = Map.copyOf(tensors);
    long size = 0;
    for (OnnxTensor tensor : tensors.values()) {
      size += tensor.getInfo().getNumElements() * Float.BYTES;
    }
    bytes = (int) Math.min(size, Integer.MAX_VALUE);
  }

  Map<String, OnnxTensor> tensors() {
    return tensors;
  }

  /** Returns memory for the numbers that the weights are made of. */
  FloatBuffer source(int width) {
    if (source.capacity() < width) {
      source = GraphSession.memory(width);
    }
    return source.clear().limit(width);
  }

  int bytes() {
    return bytes;
  }

  @Override
  public void close() {
    tensors.values().forEach(OnnxTensor::close);
  }
}

package org.llm4msr.serving.recording;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.io.OutputStream;

/** A graph in the format of ONNX. Equal graphs are equal. */
public final class OnnxModel {

  private final ModelProto model;

  OnnxModel(ModelProto model) {
    this.model = model;
  }

  GraphProto graph() {
    return model.getGraph();
  }

  /** Returns how many bytes a file of it has. */
  public long bytes() {
    return model.getSerializedSize();
  }

  /** Returns what a file of it holds. */
  public byte[] toBytes() {
    return model.toByteArray();
  }

  /** Writes what a file of it holds. */
  public void writeTo(OutputStream target) throws IOException {
    model.writeTo(target);
  }

  /** Returns the shape of an output; 0 for a free axis. */
  public long[] shape(String output) {
    ValueInfoProto info =
        graph().getOutputList().stream()
            .filter(one -> one.getName().equals(output))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no output " + output));
    return info.getType().getTensorType().getShape().getDimList().stream()
        .mapToLong(Dimension::getDimValue)
        .toArray();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OnnxModel graph && model.equals(graph.model);
  }

  @Override
  public int hashCode() {
    return model.hashCode();
  }
}

package org.llm4msr.serving.recording;

import ai.onnx.proto.OnnxMl.TensorProto;

/** The type of the numbers of a value. */
public enum NumberType {
  FLOAT32(TensorProto.DataType.FLOAT_VALUE),
  FLOAT64(TensorProto.DataType.DOUBLE_VALUE),
  INT64(TensorProto.DataType.INT64_VALUE);

  private final int code;

  NumberType(int code) {
    this.code = code;
  }

  /** Returns the number by which ONNX knows it. */
  int code() {
    return code;
  }
}

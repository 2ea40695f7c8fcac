package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.kernels.Shapes;

/** The sum of experts' outputs (B, n, h), each row with its own weights (B, n): (B, h). */
final class Mixture {

  private final Tape tape;
  private final Tape.Leaf weights;
  private final Tape.Leaf outputs;
  private final int experts;
  private final int width;
  private final NDArray y;
  private final RowChunks chunks;

  Mixture(Tape tape, List<Segment> rows, NDArray weights, NDArray outputs) {
    this.tape = tape;
    Shape shape = outputs.getShape();
    Shapes.require("weights", weights.getShape(), shape.slice(0, 2));
    experts = (int) shape.get(1);
    width = (int) shape.get(2);
    this.weights = tape.take(weights);
    this.outputs = tape.take(outputs);
    y = tape.manager().create(new Shape(shape.get(0), width), DataType.FLOAT32);
    chunks = new RowChunks(rows, 2 * experts * width, tape.workers());
  }

  /** Computes the sum, and records how its gradient goes on. */
  NDArray apply() {
    FloatBuffer factors = weights.values().numbers();
    FloatBuffer from = outputs.values().numbers();
    FloatBuffer to = Mkl.floats(y);
    rows(
        row -> {
          row.read(factors, from);
          row.sum();
          to.put(row.index * width, row.sum, 0, width);
        });
    return tape.give(y, this::backward);
  }

  private void backward(NDArray gradient) {
    FloatBuffer factors = weights.values().numbers();
    FloatBuffer from = outputs.values().numbers();
    FloatBuffer dy = Mkl.floats(gradient);
    NDArray dWeights = tape.manager().create(weights.array().getShape(), DataType.FLOAT32);
    NDArray dOutputs = tape.manager().create(outputs.array().getShape(), DataType.FLOAT32);
    FloatBuffer toWeights = Mkl.floats(dWeights);
    FloatBuffer toOutputs = Mkl.floats(dOutputs);
    rows(
        row -> {
          row.read(factors, from);
          dy.get(row.index * width, row.sum, 0, width);
          row.differentiate();
          toWeights.put(row.index * experts, row.factors, 0, experts);
          toOutputs.put(row.index * experts * width, row.outputs, 0, experts * width);
        });
    weights.add(dWeights);
    outputs.add(dOutputs);
  }

  private interface Task {
    void of(Row row);
  }

  private void rows(Task task) {
    chunks.run(
        pieces -> {
          Row row = new Row();
          for (Piece piece : pieces) {
            for (row.index = piece.from(); row.index < piece.to(); row.index++) {
              task.of(row);
            }
          }
        });
  }

  /** One row at a time, in memory of its own. */
  private final class Row {
    private final float[] factors = new float[experts];
    private final float[] outputs = new float[experts * width];
    private final float[] sum = new float[width];
    private final float[] products = new float[width];
    private int index;

    private void read(FloatBuffer ofWeights, FloatBuffer ofOutputs) {
      ofWeights.get(index * experts, factors, 0, experts);
      ofOutputs.get(index * experts * width, outputs, 0, experts * width);
    }

    private void sum() {
      scale(sum, factors[0], 0);
      for (int e = 1; e < experts; e++) {
        add(factors[e], e * width);
      }
    }

    private void scale(float[] to, float factor, int from) {
      for (int j = 0; j < width; j++) {
        to[j] = factor * outputs[from + j];
      }
    }

    private void add(float factor, int from) {
      for (int j = 0; j < width; j++) {
        sum[j] += factor * outputs[from + j];
      }
    }

    /** Replaces factors and outputs by their gradients; the sum is its own. */
    private void differentiate() {
      for (int e = 0; e < experts; e++) {
        int at = e * width;
        for (int j = 0; j < width; j++) {
          products[j] = sum[j] * outputs[at + j];
        }
        for (int j = 0; j < width; j++) {
          outputs[at + j] = factors[e] * sum[j];
        }
        factors[e] = total();
      }
    }

    /** Adds up in four sums: one would wait for itself. */
    private float total() {
      float a = 0;
      float b = 0;
      float c = 0;
      float d = 0;
      int j = 0;
      for (; j + 3 < width; j += 4) {
        a += products[j];
        b += products[j + 1];
        c += products[j + 2];
        d += products[j + 3];
      }
      for (; j < width; j++) {
        a += products[j];
      }
      return a + b + (c + d);
    }
  }
}

package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.BiConsumer;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.kernels.RowMixture;
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
    pieces((mixture, piece) -> mixture.forward(factors, from, to, piece.from(), piece.to()));
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
    pieces(
        (mixture, piece) ->
            mixture.backward(factors, from, dy, toWeights, toOutputs, piece.from(), piece.to()));
    weights.add(dWeights);
    outputs.add(dOutputs);
  }

  private void pieces(BiConsumer<RowMixture, Piece> task) {
    chunks.run(
        pieces -> {
          RowMixture mixture = new RowMixture(experts, width);
          pieces.forEach(piece -> task.accept(mixture, piece));
        });
  }
}

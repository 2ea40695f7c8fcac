package org.llm4msr.benchmarks.ranking;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import org.llm4msr.serving.ranker.GraphSession;
import org.llm4msr.serving.recording.RequestGraphs;

/** A product of rows with a matrix, 592 by 512 numbers, on ONNX Runtime, and nothing else. */
final class ProductsOfRows implements AutoCloseable {

  private static final int WIDTH = 592;
  private static final int COLUMNS = 512;

  private final GraphSession graph;
  private final FloatBuffer rows;

  ProductsOfRows(int count) {
    try (NDManager manager = NDManager.newBaseManager()) {
      graph =
          new GraphSession(
              RequestGraphs.of(
                      (pass, arrays) ->
                          arrays
                              .ofRows("rows", WIDTH)
                              .matMul(
                                  arrays.constant(
                                      "matrix",
                                      manager.randomUniform(-1, 1, new Shape(WIDTH, COLUMNS))))
                              .sum(new int[] {1}),
                      manager,
                      1,
                      0)
                  .scorer()
                  .toBytes());
    }
    rows =
        ByteBuffer.allocateDirect(count * WIDTH * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
  }

  /** Computes the product; several threads may do so at once. */
  void compute() {
    graph.run(Map.of("rows", rows.duplicate()));
  }

  @Override
  public void close() {
    graph.close();
  }
}

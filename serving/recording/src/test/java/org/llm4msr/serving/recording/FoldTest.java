package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngineProvider;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Layers of a user below a linear map: h (B, k) by A (k, w), then by V (w, n). */
class FoldTest {

  private static final int WIDTH = 7;
  private static final int COLUMNS = 5;

  private final NDManager engine = new PtEngineProvider().getEngine().newBaseManager();

  @AfterEach
  void close() {
    engine.close();
  }

  /** Returns the shapes of what the graph of rows reads of the user. */
  private Map<String, List<Long>> ofUser(int hidden, boolean scales) throws Exception {
    RequestPass model =
        (pass, arrays) -> {
          NDArray matrix =
              arrays
                  .ofUser(3)
                  .matMul(constant(arrays, "generator", 3, hidden * WIDTH))
                  .reshape(1, hidden, WIDTH);
          NDArray bias =
              arrays.ofUser(3).matMul(constant(arrays, "biases", 3, WIDTH)).reshape(1, 1, WIDTH);
          NDArray below = arrays.ofRows("rows", hidden).expandDims(0).matMul(matrix).add(bias);
          NDArray input = (scales ? below.tanh() : below).squeeze(0);
          return input.matMul(constant(arrays, "first", WIDTH, COLUMNS)).sum(new int[] {1});
        };
    GraphProto graph =
        ModelProto.parseFrom(RequestGraphs.of(model, engine, 1, 0).scorer().toBytes()).getGraph();
    return graph.getInputList().stream()
        .filter(input -> input.getName().startsWith("user."))
        .collect(
            Collectors.toMap(
                input -> input.getName(),
                input ->
                    input.getType().getTensorType().getShape().getDimList().stream()
                        .map(Dimension::getDimValue)
                        .toList()));
  }

  private NDArray constant(RecordedArrays arrays, String name, int rows, int columns) {
    return arrays.constant(name, engine.ones(new Shape(rows, columns)));
  }

  @Test
  void theMatricesOfTheUserAreMultipliedWithThoseOfTheModel() throws Exception {
    assertThat(ofUser(2, false).values())
        .containsExactlyInAnyOrder(List.of(1L, 2L, 5L), List.of(1L, 1L, 5L));
  }

  @Test
  void aWideMatrixIsLeftAsItIs() throws Exception {
    assertThat(ofUser(7, false).values())
        .containsExactlyInAnyOrder(List.of(1L, 7L, 7L), List.of(1L, 1L, 7L));
  }

  @Test
  void soIsOneBelowAnythingThatIsNotLinear() throws Exception {
    assertThat(ofUser(2, true).values())
        .containsExactlyInAnyOrder(List.of(1L, 2L, 7L), List.of(1L, 1L, 7L));
  }
}

package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngineProvider;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded operations as ONNX Runtime computes them for other numbers of rows, against Java. */
class TranslationTest {

  private static final Sizes SIZES = Sizes.above(4);
  private static final int COLUMNS = 3;

  /** W is (3, 2). */
  private static final double[][] W = {{1, -2}, {0.5, 3}, {-1, 0.25}};

  private final NDManager engine = new PtEngineProvider().getEngine().newBaseManager();

  @AfterEach
  void close() {
    engine.close();
  }

  private interface Pass extends BiFunction<NDManager, NDArray, NDArray> {}

  /** The numbers of the result for rows of three numbers. */
  private interface Expected extends Function<double[][], double[]> {}

  private static Arguments each(
      String name, Function<NDArray, NDArray> pass, DoubleUnaryOperator of) {
    return rows(name, (m, x) -> pass.apply(x), row -> DoubleStream.of(row).map(of).toArray());
  }

  private static Arguments rows(String name, Pass pass, Function<double[], double[]> ofRow) {
    return all(
        name, pass, x -> Arrays.stream(x).map(ofRow).flatMapToDouble(Arrays::stream).toArray());
  }

  private static Arguments all(String name, Pass pass, Expected expected) {
    return Arguments.of(name, pass, expected);
  }

  private static NDArray floats(NDArray x) {
    return x.toType(DataType.FLOAT32, false);
  }

  private static NDArray vector(NDManager manager) {
    return manager.create(new float[] {1, 2, 4});
  }

  private static NDArray matrix(NDManager manager) {
    return manager.create(new float[] {1, -2, 0.5f, 3, -1, 0.25f}, new Shape(COLUMNS, 2));
  }

  private static double[] product(double[] row) {
    double[] y = new double[2];
    for (int i = 0; i < COLUMNS; i++) {
      y[0] += row[i] * W[i][0];
      y[1] += row[i] * W[i][1];
    }
    return y;
  }

  private static int largest(double[] row) {
    int at = 0;
    for (int i = 1; i < row.length; i++) {
      at = row[i] > row[at] ? i : at;
    }
    return at;
  }

  private static double[] flat(double[][] x) {
    return Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
  }

  static Stream<Arguments> operations() {
    return Stream.of(
        each("a number added", x -> x.add(2), v -> v + 2),
        each("a number taken away", x -> x.sub(2), v -> v - 2),
        each("times a number", x -> x.mul(-3), v -> v * -3),
        each("by a number", x -> x.div(4), v -> v / 4),
        each("power", x -> x.pow(3), v -> v * v * v),
        each("larger of two", x -> x.maximum(0.5), v -> Math.max(v, 0.5)),
        each("smaller of two", x -> x.minimum(0.5), v -> Math.min(v, 0.5)),
        each("above", x -> floats(x.gt(0)), v -> v > 0 ? 1 : 0),
        each("below", x -> floats(x.lt(0)), v -> v < 0 ? 1 : 0),
        each("negative", NDArray::neg, v -> -v),
        each("absolute", NDArray::abs, Math::abs),
        each("exponential", NDArray::exp, Math::exp),
        each("logarithm", x -> x.abs().log(), v -> Math.log(Math.abs(v))),
        each("root", x -> x.abs().sqrt(), v -> Math.sqrt(Math.abs(v))),
        each("square", NDArray::square, v -> v * v),
        each("tanh", NDArray::tanh, Math::tanh),
        each("tanh of layers", x -> x.getNDArrayInternal().tanh(), Math::tanh),
        each("relu", x -> x.getNDArrayInternal().relu(), v -> Math.max(v, 0)),
        each("sigmoid", x -> x.getNDArrayInternal().sigmoid(), v -> 1 / (1 + Math.exp(-v))),
        each("leaky relu", x -> x.getNDArrayInternal().leakyRelu(0.1f), v -> v > 0 ? v : 0.1 * v),
        each("without a gradient", x -> x.stopGradient().duplicate().add(1), v -> v + 1),
        each("whole part", x -> floats(x.toType(DataType.INT64, false)), v -> (long) v),
        rows(
            "a vector added",
            (m, x) -> x.add(vector(m)),
            r -> new double[] {r[0] + 1, r[1] + 2, r[2] + 4}),
        rows(
            "a vector divided",
            (m, x) -> vector(m).div(x),
            r -> new double[] {1 / r[0], 2 / r[1], 4 / r[2]}),
        rows("of a matrix", (m, x) -> x.matMul(matrix(m)), TranslationTest::product),
        rows(
            "of a matrix, batched",
            (m, x) ->
                x.expandDims(1)
                    .batchMatMul(matrix(m).expandDims(0).broadcast(x.getShape().get(0), 3, 2))
                    .squeeze(1),
            TranslationTest::product),
        rows(
            "softmax",
            (m, x) -> x.softmax(1),
            r -> {
              double sum = DoubleStream.of(r).map(Math::exp).sum();
              return DoubleStream.of(r).map(v -> Math.exp(v) / sum).toArray();
            }),
        rows(
            "sum of a row", (m, x) -> x.sum(new int[] {1}), r -> new double[] {r[0] + r[1] + r[2]}),
        rows(
            "sum that stays",
            (m, x) -> x.div(x.sum(new int[] {1}, true)),
            r -> DoubleStream.of(r).map(v -> v / (r[0] + r[1] + r[2])).toArray()),
        rows(
            "mean of a row",
            (m, x) -> x.mean(new int[] {1}),
            r -> new double[] {(r[0] + r[1] + r[2]) / 3}),
        rows(
            "mean that stays",
            (m, x) -> x.sub(x.mean(new int[] {-1}, true)),
            r -> DoubleStream.of(r).map(v -> v - (r[0] + r[1] + r[2]) / 3).toArray()),
        all("sum of all", (m, x) -> x.sum(), x -> new double[] {DoubleStream.of(flat(x)).sum()}),
        all(
            "mean of all",
            (m, x) -> x.mean(),
            x -> new double[] {DoubleStream.of(flat(x)).average().orElseThrow()}),
        all(
            "sum of rows",
            (m, x) -> x.sum(new int[] {0}),
            x -> {
              double[] sum = new double[COLUMNS];
              for (double[] row : x) {
                Arrays.setAll(sum, i -> sum[i] + row[i]);
              }
              return sum;
            }),
        all(
            "transposed",
            (m, x) -> x.transpose(),
            x -> {
              double[] y = new double[x.length * COLUMNS];
              Arrays.setAll(y, i -> x[i % x.length][i / x.length]);
              return y;
            }),
        rows(
            "axes in another order",
            (m, x) -> x.expandDims(2).mul(m.create(new float[] {1, 10})).transpose(0, 2, 1),
            r -> new double[] {r[0], r[1], r[2], 10 * r[0], 10 * r[1], 10 * r[2]}),
        rows(
            "in one axis",
            (m, x) -> x.reshape(x.getShape().get(0) * 3).mul(2),
            r -> DoubleStream.of(r).map(v -> 2 * v).toArray()),
        rows("in more axes", (m, x) -> x.reshape(1, x.getShape().get(0), 3).squeeze(0), r -> r),
        rows(
            "in an axis that stays and one that follows",
            (m, x) -> x.reshape(x.getShape().get(0), -1, 1).squeeze(2),
            r -> r),
        rows("in axes that follow", (m, x) -> x.reshape(-1, 3, 1).squeeze(-1), r -> r),
        all(
            "in several axes of rows",
            (m, x) -> {
              long b = x.getShape().get(0);
              return x.matMul(x.transpose()).reshape(1, 1, b, b);
            },
            x -> {
              double[] y = new double[x.length * x.length];
              Arrays.setAll(
                  y,
                  i -> {
                    double[] one = x[i / x.length];
                    double[] other = x[i % x.length];
                    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
                  });
              return y;
            }),
        rows(
            "repeated for each row",
            (m, x) -> vector(m).reshape(1, 3).broadcast(x.getShape().get(0), 3).mul(x),
            r -> new double[] {r[0], 2 * r[1], 4 * r[2]}),
        all(
            "repeated for twice the rows",
            (m, x) ->
                vector(m).reshape(1, 3).broadcast(2 * x.getShape().get(0), 3).mul(x.concat(x, 0)),
            x -> DoubleStream.concat(times124(x), times124(x)).toArray()),
        rows(
            "behind each other",
            (m, x) -> NDArrays.concat(new NDList(x, x.neg(), x), 1),
            r -> new double[] {r[0], r[1], r[2], -r[0], -r[1], -r[2], r[0], r[1], r[2]}),
        all(
            "below each other",
            (m, x) -> x.concat(x.neg()),
            x ->
                DoubleStream.concat(DoubleStream.of(flat(x)), DoubleStream.of(flat(x)).map(v -> -v))
                    .toArray()),
        rows(
            "stacked",
            (m, x) -> NDArrays.stack(new NDList(x, x.neg()), 2),
            r -> new double[] {r[0], -r[0], r[1], -r[1], r[2], -r[2]}),
        rows(
            "some columns",
            (m, x) -> x.transpose().get("1:3").transpose(),
            r -> new double[] {r[1], r[2]}),
        rows(
            "split at places",
            (m, x) -> {
              NDList parts = x.split(new long[] {1}, 1);
              return parts.get(1).mul(parts.get(0));
            },
            r -> new double[] {r[1] * r[0], r[2] * r[0]}),
        rows(
            "split evenly",
            (m, x) -> {
              NDList parts = x.split(3, 1);
              return parts.get(2).sub(parts.get(1));
            },
            r -> new double[] {r[2] - r[1]}),
        rows("place of the largest", (m, x) -> floats(x.argMax(1)), r -> new double[] {largest(r)}),
        rows(
            "one of several",
            (m, x) -> x.argMax(1).oneHot(4),
            r -> {
              double[] y = new double[4];
              y[largest(r)] = 1;
              return y;
            }));
  }

  private static DoubleStream times124(double[][] x) {
    return Arrays.stream(x).flatMapToDouble(r -> DoubleStream.of(r[0], 2 * r[1], 4 * r[2]));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operations")
  void computesAsTheOperationIsDefined(String name, Pass pass, Expected expected) throws Exception {
    OnnxModel graph = graph(pass);

    for (int count : new int[] {1, 5}) {
      double[][] x = new double[count][COLUMNS];
      float[][] rows = new float[count][COLUMNS];
      for (int i = 0; i < count * COLUMNS; i++) {
        x[i / COLUMNS][i % COLUMNS] = 2 * Math.sin(1 + 5 * i);
        rows[i / COLUMNS][i % COLUMNS] = (float) x[i / COLUMNS][i % COLUMNS];
      }
      float[] found = OnnxRun.of(graph, Map.of("rows", rows)).get("result");
      double[] doubles = new double[found.length];
      Arrays.setAll(doubles, i -> found[i]);
      assertThat(doubles).containsExactly(expected.apply(x), within(1e-4));
    }
  }

  @Test
  void anInputWithoutRowsIsReadByAllRows() throws Exception {
    Recorder first = new Recorder(engine);
    Recorder second = new Recorder(engine);
    NDArray one = first.input("rows", engine.ones(new Shape(SIZES.first(), COLUMNS)));
    NDArray user = first.input("user", engine.ones(new Shape(1, COLUMNS)));
    NDArray other = second.input("rows", engine.ones(new Shape(SIZES.second(), COLUMNS)));
    NDArray again = second.input("user", engine.ones(new Shape(1, COLUMNS)));
    Value product = first.value(one.mul(user));
    Value sum = first.value(one.add(user));
    second.value(other.mul(again));
    second.value(other.add(again));

    OnnxModel graph =
        new Translation(second.values(), SIZES)
            .write(
                Map.of("rows", first.value(one), "user", first.value(user)),
                Map.of("product", product, "sum", sum));

    Map<String, float[]> found =
        OnnxRun.of(
            graph,
            Map.of(
                "rows", new float[][] {{1, 2, 3}, {4, 5, 6}}, "user", new float[][] {{2, 0, 1}}));
    assertThat(found.get("product")).containsExactly(2, 0, 3, 8, 0, 6);
    assertThat(found.get("sum")).containsExactly(3, 2, 4, 6, 5, 7);
    assertThat(graph.shape("product")).as("0 for the rows").containsExactly(0, 3);
  }

  /** exp(2) * 3 is one number, the tangent is not asked for. */
  @Test
  void constantsAreFoldedAndWhatNoResultNeedsIsLeftOut() {
    OnnxModel graph =
        graph(
            (manager, x) -> {
              assertThat(x.tanh().getShape()).isEqualTo(x.getShape());
              return x.mul(manager.create(2f).exp().mul(3));
            });

    assertThat(graph.graph().getNodeList())
        .extracting(NodeProto::getOpType)
        .containsExactly("Mul", "Identity");
    assertThat(graph.graph().getInitializerList())
        .singleElement()
        .satisfies(
            number ->
                assertThat(
                        number
                            .getRawData()
                            .asReadOnlyByteBuffer()
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getFloat())
                    .isCloseTo((float) (3 * Math.E * Math.E), within(1e-5f)));
  }

  @Test
  void aValueThatIsReadTwiceIsComputedOnce() {
    OnnxModel graph =
        graph(
            (manager, x) -> {
              NDArray h = x.tanh();
              NDList parts = h.split(3, 1);
              return parts.get(0).add(parts.get(1)).mul(h);
            });

    assertThat(graph.graph().getNodeList())
        .extracting(NodeProto::getOpType)
        .containsExactly("Tanh", "Split", "Add", "Mul", "Identity");
  }

  @Test
  void anInputThatNothingGivesIsNamed() {
    Recorder first = new Recorder(engine);
    Recorder second = new Recorder(engine);
    NDArray one = first.input("forgotten", engine.ones(new Shape(SIZES.first(), 1)));
    NDArray other = second.input("forgotten", engine.ones(new Shape(SIZES.second(), 1)));
    Value result = first.value(one.neg());
    second.value(other.neg());
    Translation translation = new Translation(second.values(), SIZES);

    assertThatThrownBy(() -> translation.write(Map.of(), Map.of("result", result)))
        .hasMessage("nothing gives the input forgotten");
  }

  static List<Arguments> refused() {
    return List.of(
        refused(
            (m, x) -> x.get(":, 0"),
            "get, with an index that is no range of the first axis: :, 0."),
        refused((m, x) -> x.sin(), "sin, which has no counterpart in ONNX."),
        refused(
            (m, x) -> x.concat(m.ones(new Shape(1, COLUMNS)), 0),
            "has a size that no graph has: 98 for 97 rows, 102 for 101."),
        refused(
            (m, x) ->
                x.reshape(x.getShape().get(0) == SIZES.first() ? new Shape(-1) : new Shape(-1, 3)),
            "number of axes depends on the rows"));
  }

  private static Arguments refused(Pass pass, String why) {
    return Arguments.of(pass, why);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatNoGraphHasIsRefused(Pass pass, String why) {
    assertThatThrownBy(() -> graph(pass))
        .hasMessageStartingWith("[compile/NOT_RECORDED] ")
        .hasMessageContaining(why)
        .hasMessageContaining("So the model cannot be compiled; `score` and a service");
  }

  private OnnxModel graph(Pass pass) {
    Recorder first = new Recorder(engine);
    Recorder second = new Recorder(engine);
    NDArray one = first.input("rows", engine.ones(new Shape(SIZES.first(), COLUMNS)));
    NDArray other = second.input("rows", engine.ones(new Shape(SIZES.second(), COLUMNS)));
    Value result = first.value(pass.apply(first.manager(), one));
    second.value(pass.apply(second.manager(), other));
    return new Translation(second.values(), SIZES)
        .write(Map.of("rows", first.value(one)), Map.of("result", result));
  }
}

package org.llm4msr.plugins.backbones.experts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.runtime.kernels.DropoutMasks;
import org.llm4msr.runtime.model.GroupingPlan;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterStore;
import org.llm4msr.runtime.model.PassContext;
import org.llm4msr.tck.harness.TestEngines;

/** What backbones read of sequences, against float64. */
@Tag("engine")
class BackboneSequencesTest {

  private static final int D = 3;
  private static final int L = 4;
  private static final int[] COUNTS = {4, 1, 0, 3};
  private static final int[] SCENARIOS = {1, 0, 1, 1};

  private static final ModelShape SHAPE =
      new ModelShape(
          new FeatureLayout(List.of()),
          List.of(new Scenario(0, "feed", 1), new Scenario(1, "search", 1)),
          2);
  private static final SequenceShape SEQUENCE = new SequenceShape("past", L, D);

  private final Random random = new Random(4);
  private final float[] vectors = new float[COUNTS.length * L * D];
  private final float[] mask = new float[COUNTS.length * L];
  private final float[] targets = new float[COUNTS.length * D];

  BackboneSequencesTest() {
    for (int row = 0; row < COUNTS.length; row++) {
      for (int i = 0; i < COUNTS[row]; i++) {
        mask[row * L + i] = 1;
        for (int d = 0; d < D; d++) {
          vectors[(row * L + i) * D + d] = (float) random.nextGaussian();
        }
      }
    }
    for (int i = 0; i < targets.length; i++) {
      targets[i] = (float) random.nextGaussian();
    }
  }

  private interface Reader {
    NDArray of(Pass pass, Sequence sequence);
  }

  /** Computes (B, D) row after row; fills the values of the parameters by their short names. */
  private float[] run(
      BiFunction<ModelContext, SequenceShape, Reader> maker, Map<String, double[]> values) {
    try (NDManager manager = TestEngines.manager();
        ParameterStore store = new ParameterStore(manager, 3)) {
      Reader reader = maker.apply(store.context("backbone", SHAPE), SEQUENCE);
      values.putAll(
          store.parameters().stream()
              .collect(
                  Collectors.toMap(
                      parameter -> parameter.name().substring("backbone/".length()),
                      parameter ->
                          IntStream.range(0, parameter.size())
                              .mapToDouble(i -> parameter.values().get(i))
                              .toArray())));
      int rows = COUNTS.length;
      GroupingPlan plan = GroupingPlan.of(manager, SCENARIOS, rows, 2, false);
      Pass pass = new PassContext(manager, false, 0, plan, plan, new DropoutMasks(5));
      Sequence sequence =
          new Sequence(
              "past",
              manager.create(vectors, new Shape(rows, L, D)),
              manager.create(mask, new Shape(rows, L)),
              manager.create(targets, new Shape(rows, D)));
      return reader.of(pass, sequence).toFloatArray();
    }
  }

  private double[] event(int row, int i) {
    return IntStream.range(0, D).mapToDouble(d -> vectors[(row * L + i) * D + d]).toArray();
  }

  /** An event beside what is learned of its place. */
  private double[] placed(int row, int i, Map<String, double[]> values) {
    double[] places = values.getOrDefault("places", new double[0]);
    int width = places.length / L;
    double[] placed = Arrays.copyOf(event(row, i), D + width);
    System.arraycopy(places, i * width, placed, D, width);
    return placed;
  }

  private static double[] times(double[] x, double[] weight, int columns) {
    double[] y = new double[columns];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < columns; j++) {
        y[j] += x[i] * weight[i * columns + j];
      }
    }
    return y;
  }

  private static double[] softmax(double[] scores) {
    double sum = Arrays.stream(scores).map(Math::exp).sum();
    return Arrays.stream(scores).map(score -> Math.exp(score) / sum).toArray();
  }

  private double[] scores(int row, double[] query, double[] weight, double[] vector) {
    return scores(row, i -> event(row, i), query, weight, vector);
  }

  private static double[] scores(
      int row, IntFunction<double[]> events, double[] query, double[] weight, double[] vector) {
    return softmax(
        IntStream.range(0, COUNTS[row])
            .mapToDouble(
                i -> {
                  double[] h = times(events.apply(i), weight, query.length);
                  return IntStream.range(0, query.length)
                      .mapToDouble(d -> vector[d] * Math.max(0, h[d] + query[d]))
                      .sum();
                })
            .toArray());
  }

  @Test
  void sarNetWeighsEventsByItemAndScenario() {
    Map<String, double[]> values = new TreeMap<>();
    float[] found =
        run(
            (context, shape) -> {
              CrossScenarioInterest interest = new CrossScenarioInterest(context, shape, null);
              return (pass, sequence) -> interest.of(pass, sequence, null);
            },
            values);

    for (int row = 0; row < COUNTS.length; row++) {
      double[] target = new double[D];
      for (int d = 0; d < D; d++) {
        target[d] = targets[row * D + d];
      }
      double[] query = times(target, values.get("item/query/weight"), D);
      for (int d = 0; d < D; d++) {
        query[d] += values.get("item/query/bias")[d];
      }
      double[] byItem = scores(row, query, values.get("item/weight"), values.get("item/vector"));
      double[] byScenario =
          scores(
              row,
              values.get("scenario/query." + SCENARIOS[row] + "/vector"),
              values.get("scenario/weight"),
              values.get("scenario/vector"));
      for (int d = 0; d < D; d++) {
        double expected = 0;
        for (int i = 0; i < COUNTS[row]; i++) {
          expected += byItem[i] * byScenario[i] * event(row, i)[d];
        }
        assertThat((double) found[row * D + d]).isCloseTo(expected, within(1e-6));
      }
    }
  }

  private double[] itemQuery(int row, Map<String, double[]> values) {
    double[] target = new double[D];
    for (int d = 0; d < D; d++) {
      target[d] = targets[row * D + d];
    }
    double[] query = times(target, values.get("item/query/weight"), D);
    for (int d = 0; d < D; d++) {
      query[d] += values.get("item/query/bias")[d];
    }
    return query;
  }

  /** The scenarios of the events have vectors of two numbers. */
  @Test
  void sarNetComparesTheScenariosOfEventsWithThatOfTheRow() {
    int width = 2;
    float[] of = new float[COUNTS.length * L * width];
    float[] own = new float[COUNTS.length * width];
    for (int row = 0; row < COUNTS.length; row++) {
      for (int i = 0; i < COUNTS[row] * width; i++) {
        of[row * L * width + i] = (float) random.nextGaussian();
      }
    }
    for (int i = 0; i < own.length; i++) {
      own[i] = (float) random.nextGaussian();
    }
    Map<String, double[]> values = new TreeMap<>();
    float[] found =
        run(
            (context, shape) -> {
              SequenceShape scenarios = new SequenceShape("where", L, width);
              CrossScenarioInterest interest = new CrossScenarioInterest(context, shape, scenarios);
              return (pass, sequence) -> {
                NDManager manager = sequence.vectors().getManager();
                return interest.of(
                    pass,
                    sequence,
                    new Sequence(
                        "where",
                        manager.create(of, new Shape(COUNTS.length, L, width)),
                        sequence.mask(),
                        manager.create(own, new Shape(COUNTS.length, width))));
              };
            },
            values);

    for (int row = 0; row < COUNTS.length; row++) {
      int at = row;
      double[] byItem =
          scores(row, itemQuery(row, values), values.get("item/weight"), values.get("item/vector"));
      double[] query =
          times(
              new double[] {own[row * width], own[row * width + 1]},
              values.get("scenario/query/weight"),
              width);
      for (int d = 0; d < width; d++) {
        query[d] += values.get("scenario/query/bias")[d];
      }
      double[] byScenario =
          scores(
              row,
              i -> new double[] {of[(at * L + i) * width], of[(at * L + i) * width + 1]},
              query,
              values.get("scenario/weight"),
              values.get("scenario/vector"));
      for (int d = 0; d < D; d++) {
        double expected = 0;
        for (int i = 0; i < COUNTS[row]; i++) {
          expected += byItem[i] * byScenario[i] * event(row, i)[d];
        }
        assertThat((double) found[row * D + d]).isCloseTo(expected, within(1e-6));
      }
    }
  }

  @Test
  void pairsSequencesByTheirNames() {
    List<SequenceShape> shapes =
        List.of(
            new SequenceShape("a", 5, 4),
            new SequenceShape("b", 5, 3),
            new SequenceShape("c", 7, 4));

    assertThat(SequencePair.of(shapes, Map.of("a", "b")))
        .containsExactly(new SequencePair(0, 1), new SequencePair(2, -1));
    assertThatThrownBy(() -> SequencePair.of(shapes, Map.of("a", "c")))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[sar-net/EVENT_SCENARIOS]")
        .hasMessageContaining("pairs 'a' with 'c', whose lengths are 5 and 7");
    assertThatThrownBy(() -> SequencePair.of(shapes, Map.of("a", "d")))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("pairs 'a' with 'd', but model.sequences has [a, b, c]");
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "2, 3"})
  void m2mAttendsFromEachEventToEach(int heads, int positions) {
    Map<String, double[]> values = new TreeMap<>();
    float[] found =
        run(
            (context, shape) -> {
              SelfAttention attention = new SelfAttention(context, shape, heads, positions);
              return (pass, sequence) -> attention.of(sequence);
            },
            values);

    int own = (D + heads - 1) / heads;
    for (int row = 0; row < COUNTS.length; row++) {
      double[] mean = new double[own * heads];
      for (int head = 0; head < heads; head++) {
        String scope = "head." + head + "/";
        for (int from = 0; from < COUNTS[row]; from++) {
          double[] query = times(placed(row, from, values), values.get(scope + "query"), own);
          double[] scores = new double[COUNTS[row]];
          for (int to = 0; to < COUNTS[row]; to++) {
            double[] key = times(placed(row, to, values), values.get(scope + "key"), own);
            for (int d = 0; d < own; d++) {
              scores[to] += query[d] * key[d] / Math.sqrt(own);
            }
          }
          double[] weights = softmax(scores);
          for (int to = 0; to < COUNTS[row]; to++) {
            double[] value = times(placed(row, to, values), values.get(scope + "value"), own);
            for (int d = 0; d < own; d++) {
              mean[head * own + d] += weights[to] * value[d] / COUNTS[row];
            }
          }
        }
      }
      double[] expected = times(mean, values.get("output"), D);
      for (int d = 0; d < D; d++) {
        assertThat((double) found[row * D + d]).isCloseTo(expected[d], within(1e-6));
      }
    }
  }
}

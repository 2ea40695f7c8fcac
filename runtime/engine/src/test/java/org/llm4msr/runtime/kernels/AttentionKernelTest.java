package org.llm4msr.runtime.kernels;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.model.Activation;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.BundledLibrary;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.AttentionBatch.Floats;
import org.llm4msr.runtime.model.TestEngine;
import org.slf4j.LoggerFactory;

/** {@code SequenceAttentionTest} compares the chosen one with the definition. */
class AttentionKernelTest {

  private static final int ROWS = 21;
  private static final int TARGET = 3;
  private static final int MARKS = 32;
  private static final float MARK = -7.5f;

  @TempDir Path folder;

  @BeforeEach
  void onlyWhereBothAre() {
    assumeThat(BundledLibrary.serves(List.of("avx2", "fma"))).isTrue();
    try (NDManager manager = TestEngine.manager()) {
      assumeThat(Mkl.serves(manager)).isTrue();
    }
  }

  private static AttentionSizes sizes(int width, Integer... layers) {
    return new AttentionSizes(width, 9, List.of(layers), Activation.LEAKY_RELU, false);
  }

  @Test
  void oneHiddenLayerIsFused() {
    assertThat(chosen(sizes(5, 7, 1))).isInstanceOf(FusedAttention.class);
    assertThat(chosen(sizes(5, 7, 3, 1))).isInstanceOf(AttentionRows.class);
    assertThat(chosen(sizes(5, 1))).isInstanceOf(AttentionRows.class);
  }

  /** Its memory is for the longest rows. */
  @Test
  void fusedTakesNoRowThatIsTooLong() {
    AttentionSizes sizes = sizes(5, 7, 1);
    FloatMemory some = marked(new float[100]);
    Floats floats = floats(some);
    AttentionBatch batch =
        new AttentionBatch(2, new int[] {0, 9, 19}, floats, floats, some, floats, 12, 0, 6);

    assertThatThrownBy(() -> chosen(sizes).forward(batch, 0, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("row 1 has 10 vectors, more than 9");
  }

  private static AttentionKernel chosen(AttentionSizes sizes) {
    return AttentionKernel.of(sizes, new AttentionWeights(sizes));
  }

  /** What a kernel gives. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Results(
      float[] flat,
      float[] weights,
      float[] dFlat,
      float[] dVectors,
      float[] dWeight,
      float[] dBias,
      float[] dLast,
      float[] dLastBias) {}

  private static float[] drawn(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Returns memory of some numbers with marks behind them. */
  private static FloatMemory marked(float... values) {
    FloatMemory memory = FloatMemory.of(AlignedMemory.floats(values.length + MARKS));
    memory.numbers().put(0, values);
    for (int i = 0; i < MARKS; i++) {
      memory.numbers().put(values.length + i, MARK);
    }
    return memory;
  }

  /** Returns the numbers; nothing was written behind them. */
  private static float[] read(FloatMemory memory) {
    float[] values = new float[memory.numbers().limit() - MARKS];
    float[] marks = new float[MARKS];
    memory.numbers().get(0, values).get(values.length, marks);
    assertThat(marks).containsOnly(MARK);
    return values;
  }

  private static Floats floats(FloatMemory memory) {
    return new Floats(memory.numbers(), memory.address());
  }

  private static AttentionWeights weights(AttentionSizes sizes, Random random) {
    int hidden = sizes.first();
    AttentionWeights weights = new AttentionWeights(sizes);
    weights.first(
        FloatBuffer.wrap(drawn(random, 4 * sizes.width() * hidden)),
        FloatBuffer.wrap(drawn(random, hidden)));
    weights.layer(1, FloatBuffer.wrap(drawn(random, hidden)), FloatBuffer.wrap(drawn(random, 1)));
    return weights;
  }

  private static Results run(AttentionKernel kernel, AttentionSizes sizes, Random random) {
    int width = sizes.width();
    int columns = TARGET + 2 * width + 1;
    int[] offsets = new int[ROWS + 1];
    for (int row = 0; row < ROWS; row++) {
      int count = row < 2 ? row * sizes.length() : random.nextInt(sizes.length() + 1);
      offsets[row + 1] = offsets[row] + count;
    }
    int vectors = offsets[ROWS];
    float[] values = drawn(random, vectors * width);
    float[] lying = new float[vectors * kernel.stride()];
    for (int i = 0; i < lying.length; i++) {
      int at = i % kernel.stride();
      lying[i] = at < width ? values[i / kernel.stride() * width + at] : kernel.filler();
    }
    FloatMemory flat = marked(drawn(random, ROWS * columns));
    for (int row = 0; row < ROWS; row++) {
      flat.numbers().put(row * columns + TARGET + width, new float[width]);
    }
    FloatMemory dFlat = marked(drawn(random, ROWS * columns));
    FloatMemory ofVectors = marked(lying);
    FloatMemory ofWeights = marked(new float[vectors]);
    FloatMemory signs = marked(new float[vectors * kernel.signs() / Float.BYTES + 1]);
    FloatMemory dVectors = marked(new float[vectors * width]);
    AttentionBatch batch =
        new AttentionBatch(
            ROWS,
            offsets,
            floats(ofVectors),
            floats(ofWeights),
            signs,
            floats(flat),
            columns,
            TARGET,
            TARGET + width);
    float[] dLearned = new float[sizes.learned()];
    kernel.forward(batch, 0, 7);
    kernel.forward(batch, 7, ROWS);
    kernel.backward(batch, dFlat, floats(dVectors), dLearned, 0, 7);
    kernel.backward(batch, dFlat, floats(dVectors), dLearned, 7, ROWS);
    assertThat(read(ofVectors)).isEqualTo(lying);
    read(signs);
    FloatBuffer dWeight = FloatBuffer.allocate(4 * width * sizes.first());
    FloatBuffer dBias = FloatBuffer.allocate(sizes.first());
    FloatBuffer dLast = FloatBuffer.allocate(sizes.first());
    AttentionWeights weights = new AttentionWeights(sizes);
    weights.addFirst(dLearned, dWeight, dBias);
    FloatBuffer dLastBias = FloatBuffer.allocate(1);
    weights.addLayer(1, dLearned, dLast, dLastBias);
    return new Results(
        read(flat),
        read(ofWeights),
        read(dFlat),
        read(dVectors),
        dWeight.array(),
        dBias.array(),
        dLast.array(),
        dLastBias.array());
  }

  private static void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(2e-4f * (1 + Math.abs(expected[i]))));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16, 50, 16, LEAKY_RELU, false",
    "5, 7, 3, RELU, true",
    "24, 9, 36, NONE, false",
    "1, 3, 8, LEAKY_RELU, true"
  })
  void bothGiveTheSame(int width, int length, int hidden, Activation activation, boolean softmax) {
    AttentionSizes sizes =
        new AttentionSizes(width, length, List.of(hidden, 1), activation, softmax);
    AttentionWeights weights = weights(sizes, new Random(4));

    Results fused = run(new FusedAttention(sizes, weights), sizes, new Random(5));
    Results rows = run(new AttentionRows(sizes, weights), sizes, new Random(5));

    assertClose(fused.flat, rows.flat);
    assertClose(fused.weights, rows.weights);
    assertClose(fused.dFlat, rows.dFlat);
    assertClose(fused.dVectors, rows.dVectors);
    assertClose(fused.dWeight, rows.dWeight);
    assertClose(fused.dBias, rows.dBias);
    assertClose(fused.dLast, rows.dLast);
    assertClose(fused.dLastBias, rows.dLastBias);
  }

  @ParameterizedTest
  @CsvSource({
    "-Dllm4msr.fusedAttention=true, there: true",
    "-Dllm4msr.fusedAttention=false, there: false",
    "-Djava.io.tmpdir=FOLDER/missing, cannot be loaded from FOLDER/missing",
  })
  void aSwitchOrAFolderThatTakesNothingLeavesItOut(String option, String said) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                option.replace("FOLDER", folder.toString()),
                "-cp",
                System.getProperty("java.class.path"),
                Asking.class.getName())
            .redirectErrorStream(true)
            .start();

    String output = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertThat(process.waitFor()).isZero();
    assertThat(output).contains(said.replace("FOLDER", folder.toString()));
  }

  /** Asks whether there are functions. */
  static final class Asking {
    public static void main(String[] arguments) {
      ((Logger) LoggerFactory.getLogger("org.llm4msr")).setLevel(Level.INFO);
      System.out.println("there: " + AttentionFunctions.areThere());
    }
  }
}

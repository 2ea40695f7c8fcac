package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.RowChunks.Piece;
import org.llm4msr.runtime.model.TestEngine;

@Tag("engine")
class FloatProductsTest {

  private static final ProductSizes SIZES = new ProductSizes(2, 90, 70);

  /** Groups of 17, 30 and 21 rows behind 5 others. */
  private static final List<Piece> PIECES =
      List.of(
          new Piece(0, 1, 5, 22, true),
          new Piece(1, 2, 22, 52, true),
          new Piece(2, 4, 52, 73, true));

  /** Which way is faster depends on the processor. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void passesGradientsOfFewRowsOn(boolean turns) {
    try (NDManager manager = TestEngine.manager()) {
      assumeThat(Mkl.serves(manager)).isTrue();
    }
    FloatMemory w = draw(1, 5 * (int) SIZES.weights());
    FloatMemory dy = draw(2, 73 * SIZES.rowOut());
    FloatMemory dx = draw(3, 73 * SIZES.rowIn());
    float first = dx.numbers().get(5 * SIZES.rowIn() - 1);

    new FloatProducts(SIZES, 0, w.address(), turns).multiplyTransposed(PIECES, dy, dx, 0);

    assertThat(dx.numbers().get(5 * SIZES.rowIn() - 1)).isEqualTo(first);
    for (Piece piece : PIECES) {
      for (int row = piece.from(); row < piece.to(); row++) {
        for (int column = 0; column < SIZES.rowIn(); column++) {
          assertThat((double) dx.numbers().get(row * SIZES.rowIn() + column))
              .isCloseTo(gradient(piece.group(), row, column, w, dy), within(1e-4));
        }
      }
    }
  }

  private static double gradient(int group, int row, int column, FloatMemory w, FloatMemory dy) {
    int part = column / SIZES.in();
    int matrixRow = (group * SIZES.each() + part) * SIZES.in() + column % SIZES.in();
    double sum = 0;
    for (int o = 0; o < SIZES.out(); o++) {
      sum +=
          (double) dy.numbers().get(row * SIZES.rowOut() + part * SIZES.out() + o)
              * w.numbers().get(matrixRow * SIZES.out() + o);
    }
    return sum;
  }

  private static FloatMemory draw(int seed, int count) {
    Random random = new Random(seed);
    FloatMemory memory = FloatMemory.of(AlignedMemory.floats(count));
    FloatBuffer numbers = memory.numbers();
    for (int i = 0; i < count; i++) {
      numbers.put(i, (float) random.nextGaussian());
    }
    return memory;
  }
}

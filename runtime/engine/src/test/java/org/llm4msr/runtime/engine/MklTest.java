package org.llm4msr.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.model.TestEngine;

/** Products against loops in double precision. */
@Tag("engine")
class MklTest {

  private final NDManager manager = TestEngine.manager();

  @BeforeEach
  void onlyWhereItServes() {
    assumeThat(Mkl.serves(manager)).isTrue();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** A matrix in memory, whose rows may be further apart than they are long. */
  private record Matrix(NDArray array, float[] before, int apart) {

    static Matrix draw(NDManager manager, Random random, int rows, int apart) {
      float[] values = new float[rows * apart];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      return new Matrix(manager.create(values, new Shape(rows, apart)), values, apart);
    }

    double at(int row, int column) {
      return before[row * apart + column];
    }

    double at(int row, int column, boolean transposed) {
      return transposed ? at(column, row) : at(row, column);
    }

    float after(int row, int column) {
      return Mkl.floats(array).get(row * apart + column);
    }

    long address() {
      return Mkl.address(array);
    }
  }

  /** One product of (m, k) and (k, n). */
  private record Product(
      int m,
      int n,
      int k,
      boolean transposeA,
      boolean transposeB,
      float beta,
      Matrix a,
      Matrix b,
      Matrix c) {

    static Product draw(
        NDManager manager,
        Random random,
        int m,
        int n,
        int k,
        boolean transposeA,
        boolean transposeB,
        float beta) {
      Matrix a = Matrix.draw(manager, random, transposeA ? k : m, (transposeA ? m : k) + 1);
      Matrix b = Matrix.draw(manager, random, transposeB ? n : k, (transposeB ? k : n) + 2);
      Matrix c = Matrix.draw(manager, random, m, n + 3);
      return new Product(m, n, k, transposeA, transposeB, beta, a, b, c);
    }

    Product another(NDManager manager, Random random) {
      return draw(manager, random, m, n, k, transposeA, transposeB, beta);
    }

    void group(Mkl.Call call) {
      call.group(transposeA, transposeB, m, n, k, a.apart, b.apart, c.apart, beta);
    }

    void addTo(Mkl.Call call) {
      call.product(a.address(), b.address(), c.address());
    }

    void check() {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double sum = beta * c.at(i, j);
          for (int l = 0; l < k; l++) {
            sum += a.at(i, l, transposeA) * b.at(l, j, transposeB);
          }
          assertThat(c.after(i, j)).isCloseTo((float) sum, within(1e-4f));
        }
        for (int j = n; j < n + 3; j++) {
          assertThat(c.after(i, j)).as("behind a row").isEqualTo((float) c.at(i, j));
        }
      }
    }
  }

  /** Groups of two products each, which differ in sizes, transposition and what is added to. */
  @Test
  void multipliesGroupsOfDifferentSizes() {
    Random random = new Random(1);
    Product[] groups = {
      Product.draw(manager, random, 3, 5, 7, false, false, 0),
      Product.draw(manager, random, 40, 2, 1, false, true, 1),
      Product.draw(manager, random, 6, 9, 33, true, false, 1),
      Product.draw(manager, random, 1, 1, 4, true, true, 0)
    };
    Mkl.Call call = new Mkl.Call(groups.length, 2);
    Product[] seconds = new Product[groups.length];
    for (int g = 0; g < groups.length; g++) {
      seconds[g] = groups[g].another(manager, random);
      groups[g].group(call);
      groups[g].addTo(call);
      seconds[g].addTo(call);
    }

    call.run();

    for (int g = 0; g < groups.length; g++) {
      groups[g].check();
      seconds[g].check();
    }
  }

  /** (1, 2) (3, 4) by (5, 6) (7, 8). */
  @Test
  void multipliesByHand() {
    NDArray a = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
    NDArray b = manager.create(new float[] {5, 6, 7, 8}, new Shape(2, 2));
    NDArray c = manager.zeros(new Shape(2, 2));
    Mkl.Call call = new Mkl.Call(1, 1).group(false, false, 2, 2, 2, 2, 2, 2, 0);
    call.product(Mkl.address(a), Mkl.address(b), Mkl.address(c));

    call.run();

    assertThat(c.toFloatArray()).containsExactly(19, 22, 43, 50);
  }

  /** A call with more groups follows one with few, whose arguments had less room. */
  @Test
  void takesAnyNumberOfGroups() {
    NDArray two = manager.create(new float[] {2});
    for (int groups : new int[] {1, 500, 3}) {
      NDArray results = manager.zeros(new Shape(groups));
      Mkl.Call call = new Mkl.Call(groups, 1);
      for (int g = 0; g < groups; g++) {
        call.group(false, false, 1, 1, 1, 1, 1, 1, 0);
        call.product(
            Mkl.address(two), Mkl.address(two), Mkl.address(results) + (long) g * Float.BYTES);
      }
      call.run();
      assertThat(results.toFloatArray()).hasSize(groups).containsOnly(4);
    }
  }

  /** Rows of three numbers, of none, and of one; beside each row of X and Y lie others. */
  @Test
  void multipliesSparseMatrices() {
    Random random = new Random(3);
    int[] starts = {0, 3, 3, 4};
    int[] columns = {4, 0, 4, 2};
    float[] numbers = {2, -1, .5f, 3};
    Matrix x = Matrix.draw(manager, random, 5, 19);
    Matrix added = Matrix.draw(manager, random, 3, 18);
    Matrix written = Matrix.draw(manager, random, 3, 18);
    NDArray ofNumbers = manager.create(numbers);

    multiplySparse(starts, columns, ofNumbers, x, 1, added);
    multiplySparse(starts, columns, ofNumbers, x, 0, written);

    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 17; column++) {
        double sum = 0;
        for (int i = starts[row]; i < starts[row + 1]; i++) {
          sum += numbers[i] * x.at(columns[i], column);
        }
        assertThat((double) written.after(row, column)).isCloseTo(sum, within(1e-5));
        assertThat((double) added.after(row, column))
            .isCloseTo(sum + added.at(row, column), within(1e-5));
      }
      assertThat(written.after(row, 17)).as("behind a row").isEqualTo((float) written.at(row, 17));
    }
  }

  private void multiplySparse(
      int[] starts, int[] columns, NDArray numbers, Matrix x, float beta, Matrix y) {
    Mkl.multiplySparse(
        3,
        5,
        Mkl.address(manager.create(starts)),
        Mkl.address(manager.create(columns)),
        Mkl.address(numbers),
        17,
        x.address(),
        x.apart,
        beta,
        y.address(),
        y.apart);
  }

  @Test
  void refusesSparseMatricesOfLessThanNoRows() {
    NDArray numbers = manager.ones(new Shape(3));
    long address = Mkl.address(numbers);

    assertThatThrownBy(
            () ->
                Mkl.multiplySparse(-1, 3, address, address, address, 1, address, 1, 0, address, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("MKL refuses a sparse product with the status 3");
  }
}

package org.llm4msr.benchmarks;

import java.util.List;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.engine.AlignedMemory;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.HalfMemory;
import org.llm4msr.runtime.tables.Workers;

/**
 * What bounds the published form: the products of its linear maps from knowledge to weights,
 * forward and for the gradients of the maps, and the numbers that Adam moves, which it adds up and
 * does nothing else with. Weights are rounded once, ahead.
 */
final class MapsAlone implements Contender {

  /** Numbers that are moved at a time, as by the optimiser. */
  private static final int BLOCK = 1 << 14;

  private final TensorEngine engine;
  private final Workers workers;
  private final List<LinearMap> maps;
  private final float[][] scratch;
  private final StepClock clock;

  /**
   * Makes the maps.
   *
   * @param width of the layers that the maps make weights of
   * @param dimension K
   */
  MapsAlone(
      TensorEngine engine,
      int threads,
      Precision precision,
      int width,
      int users,
      int scenarios,
      int dimension,
      List<Batch> batches) {
    this.engine = engine;
    workers = new Workers(threads);
    scratch = new float[threads][BLOCK];
    maps =
        List.of(
            new LinearMap(
                workers, precision, users, dimension, Setup.generatedWeights(width, width)),
            new LinearMap(
                workers, precision, scenarios, dimension, Setup.generatedWeights(width, 1)));
    clock = new StepClock(batches, (batch, number) -> step());
  }

  private void step() {
    for (LinearMap map : maps) {
      map.multiply();
      map.multiplyToGradient();
    }
    for (LinearMap map : maps) {
      workers.range(
          map.blocks(),
          1,
          (worker, from, to) -> {
            for (int block = from; block < to; block++) {
              map.move(block, scratch[worker]);
            }
          });
    }
  }

  /** A map (K, n) of the vectors (M, K) of some users or scenarios. */
  private static final class LinearMap {

    private final int rows;
    private final int in;
    private final int out;
    private final boolean half;
    private final FloatMemory x;
    private final FloatMemory w;
    private final FloatMemory y;
    private final FloatMemory gradient;
    private final HalfMemory halfX;
    private final HalfMemory halfW;
    private final HalfMemory halfY;

    /** In blocks; the last one may be larger than what it is used for. */
    private final float[][] values;

    private final float[][] first;
    private final float[][] second;

    LinearMap(Workers workers, Precision precision, int rows, int in, int out) {
      this.rows = rows;
      this.in = in;
      this.out = out;
      half = precision == Precision.BFLOAT16;
      x = memory(rows * in);
      w = memory(in * out);
      y = memory(rows * out);
      gradient = memory(in * out);
      halfX = HalfMemory.of(rows * in);
      halfW = HalfMemory.of(in * out);
      halfY = HalfMemory.of(rows * out);
      halfW.putAll(workers, w.bits());
      values = new float[blocks()][BLOCK];
      first = new float[blocks()][BLOCK];
      second = new float[blocks()][BLOCK];
    }

    int size() {
      return in * out;
    }

    int blocks() {
      return (size() + BLOCK - 1) / BLOCK;
    }

    private static FloatMemory memory(int count) {
      FloatMemory memory = FloatMemory.of(AlignedMemory.floats(count));
      for (int i = 0; i < count; i++) {
        memory.numbers().put(i, i % 64 / 64f);
      }
      return memory;
    }

    void multiply() {
      multiply(false, rows, out, in, in, x, halfX, out, w, halfW, y);
    }

    void multiplyToGradient() {
      multiply(true, in, out, rows, in, x, halfX, out, y, halfY, gradient);
    }

    private void multiply(
        boolean transposeA,
        int m,
        int n,
        int k,
        int rowOfA,
        FloatMemory a,
        HalfMemory halfA,
        int rowOfB,
        FloatMemory b,
        HalfMemory halfB,
        FloatMemory c) {
      if (half) {
        Mkl.multiplyHalves(
            transposeA,
            false,
            m,
            n,
            k,
            halfA.address(),
            rowOfA,
            halfB.address(),
            rowOfB,
            0,
            c.address(),
            n);
      } else {
        Mkl.Call call = new Mkl.Call(1, 1);
        call.group(transposeA, false, m, n, k, rowOfA, rowOfB, n, 0)
            .product(a.address(), b.address(), c.address());
        call.run();
      }
    }

    /** Reads gradients, values and both moments, and writes all but the gradients. */
    void move(int block, float[] g) {
      int from = block * BLOCK;
      int count = Math.min(BLOCK, size() - from);
      gradient.numbers().get(from, g, 0, count);
      add(values[block], first[block], second[block], g, count);
    }

    private static void add(float[] w, float[] m, float[] v, float[] g, int count) {
      for (int i = 0; i < count; i++) {
        m[i] += g[i];
        v[i] += g[i];
        w[i] += m[i];
      }
    }
  }

  @Override
  public String name() {
    return "its maps' products, Adam's bytes";
  }

  @Override
  public long denseParameters() {
    return maps.stream().mapToLong(LinearMap::size).sum();
  }

  @Override
  public List<StepTime> time(int steps) {
    return engine.call(() -> clock.time(steps));
  }

  @Override
  public void close() {
    workers.close();
  }
}

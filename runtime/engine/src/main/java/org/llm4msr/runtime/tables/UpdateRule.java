package org.llm4msr.runtime.tables;

import org.llm4msr.runtime.config.OptimizerConfig;

/**
 * An optimiser as arithmetic on single elements, for dense parameters and table rows alike. All
 * follow PyTorch's formulas, with L2 coupled: g += l2 * w.
 */
public sealed interface UpdateRule {

  /** Returns how many numbers of state an element has: 0 to 2; all start at 0. */
  int stateSlots();

  /** Returns the update of one step. */
  Kernel kernel(long step, double learningRate);

  /** Returns the same rule without L2. */
  UpdateRule withoutL2();

  /** One step's arithmetic. Stateless: all threads share it. */
  @FunctionalInterface
  interface Kernel {
    /**
     * Updates the first {@code n} elements.
     *
     * @param w values
     * @param a first state, unused if there is none
     * @param b second state
     * @param g gradients, may be overwritten
     */
    void apply(float[] w, float[] a, float[] b, float[] g, int n);
  }

  /** Returns the configured rule for dense parameters. */
  static UpdateRule dense(OptimizerConfig config) {
    return of(config, config.l2Dense(), false);
  }

  /** Returns the configured rule for table rows. */
  static UpdateRule rows(OptimizerConfig config) {
    return of(config, config.l2Embeddings(), config.lazy());
  }

  private static UpdateRule of(OptimizerConfig c, double l2, boolean lazy) {
    return switch (c.name()) {
      case ADAM -> new Adam(c.beta1(), c.beta2(), c.epsilon(), l2, lazy);
      case ADAGRAD -> new Adagrad(c.epsilon(), l2);
      case SGD -> new Sgd(l2);
    };
  }

  /**
   * Adam. In the lazy form, only touched rows are updated, and the arithmetic is that of PyTorch's
   * {@code SparseAdam}, which adds epsilon to the root of the second moment before its bias is
   * corrected; otherwise that of {@code torch.optim.Adam}, which adds it after. Both correct the
   * bias by the step of the run, not by how often a row was touched.
   */
  record Adam(double beta1, double beta2, double epsilon, double l2, boolean lazy)
      implements UpdateRule {

    @Override
    public int stateSlots() {
      return 2;
    }

    @Override
    public Kernel kernel(long step, double learningRate) {
      double root = Math.sqrt(1 - Math.pow(beta2, (double) step));
      float stepSize = (float) (learningRate / (1 - Math.pow(beta1, (double) step)));
      float inverseRoot = (float) (1 / root);
      float eps = (float) (lazy ? epsilon / root : epsilon);
      float first = (float) (1 - beta1);
      float keep = (float) beta2;
      float second = (float) (1 - beta2);
      float decay = (float) l2;
      return (w, a, b, g, n) -> {
        for (int i = 0; i < n; i++) {
          float gradient = g[i] + decay * w[i];
          float m = a[i] + first * (gradient - a[i]);
          float v = keep * b[i] + second * gradient * gradient;
          a[i] = m;
          b[i] = v;
          w[i] -= stepSize * m / ((float) Math.sqrt(v) * inverseRoot + eps);
        }
      };
    }

    @Override
    public UpdateRule withoutL2() {
      return new Adam(beta1, beta2, epsilon, 0, lazy);
    }
  }

  /** Adagrad, as {@code torch.optim.Adagrad} without decay of the rate. */
  record Adagrad(double epsilon, double l2) implements UpdateRule {

    @Override
    public int stateSlots() {
      return 1;
    }

    @Override
    public Kernel kernel(long step, double learningRate) {
      float rate = (float) learningRate;
      float eps = (float) epsilon;
      float decay = (float) l2;
      return (w, a, b, g, n) -> {
        for (int i = 0; i < n; i++) {
          float gradient = g[i] + decay * w[i];
          float sum = a[i] + gradient * gradient;
          a[i] = sum;
          w[i] -= rate * gradient / ((float) Math.sqrt(sum) + eps);
        }
      };
    }

    @Override
    public UpdateRule withoutL2() {
      return new Adagrad(epsilon, 0);
    }
  }

  /** Plain gradient descent. */
  record Sgd(double l2) implements UpdateRule {

    @Override
    public int stateSlots() {
      return 0;
    }

    @Override
    public Kernel kernel(long step, double learningRate) {
      float rate = (float) learningRate;
      float decay = (float) l2;
      return (w, a, b, g, n) -> {
        for (int i = 0; i < n; i++) {
          w[i] -= rate * (g[i] + decay * w[i]);
        }
      };
    }

    @Override
    public UpdateRule withoutL2() {
      return new Sgd(0);
    }
  }
}

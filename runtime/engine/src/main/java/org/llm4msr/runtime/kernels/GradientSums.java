package org.llm4msr.runtime.kernels;

import java.nio.ByteBuffer;

/** The columns' sums of dy, and of dy times the deviation of x from its mean, over some rows. */
public final class GradientSums {

  private final double[] gradients;
  private final double[] products;

  /** Makes those of no rows. */
  public GradientSums(int columns) {
    gradients = new double[columns];
    products = new double[columns];
  }

  /** Adds those of other rows. */
  public void add(GradientSums other) {
    for (int j = 0; j < gradients.length; j++) {
      gradients[j] += other.gradients[j];
      products[j] += other.products[j];
    }
  }

  public void add(float[] moreGradients, float[] moreProducts) {
    for (int j = 0; j < gradients.length; j++) {
      gradients[j] += moreGradients[j];
      products[j] += moreProducts[j];
    }
  }

  /** Writes them as {@link #addFrom} reads them: 2 * columns numbers. */
  public void write(ByteBuffer to) {
    for (int j = 0; j < gradients.length; j++) {
      to.putDouble(gradients[j]).putDouble(products[j]);
    }
  }

  /** Adds what {@link #write} wrote. */
  public void addFrom(ByteBuffer from) {
    for (int j = 0; j < gradients.length; j++) {
      gradients[j] += from.getDouble();
      products[j] += from.getDouble();
    }
  }

  /** Returns the sum of dy. */
  public double ofGradients(int column) {
    return gradients[column];
  }

  /** Returns the sum of dy times the deviation. */
  public double ofProducts(int column) {
    return products[column];
  }
}

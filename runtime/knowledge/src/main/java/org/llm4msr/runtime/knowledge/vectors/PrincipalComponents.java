package org.llm4msr.runtime.knowledge.vectors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * Principal components of standardised knowledge, by subspace iteration over the vectors themselves
 * (Halko, Martinsson and Tropp, SIAM Review 2011), which needs no K x K covariance matrix.
 *
 * @param directions (r, K), orthonormal, by falling variance; the largest element of each is
 *     positive
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention, and large.
record PrincipalComponents(float[][] directions) {

  private static final int OVERSAMPLING = 8;
  private static final int PASSES = 6;

  /**
   * The fewest users of a sample: more of them hardly change the directions and cost as much again.
   */
  private static final int LEAST_USERS = 10_000;

  /**
   * Finds the components of what has a vector, or of an even sample.
   *
   * @param level of the keys
   */
  static PrincipalComponents of(
      Level level,
      KnowledgeSource source,
      Iterable<String> keys,
      KnowledgeTransform standardise,
      int count) {
    int dimension = source.dimension();
    if (count > dimension) {
      throw tooMany(count, "the knowledge has %d dimensions".formatted(dimension));
    }
    float[][] vectors = vectors(source, keys, standardise);
    if (vectors.length < count) {
      throw tooMany(
          count,
          "%,d training %ss have a vector"
              .formatted(vectors.length, level.name().toLowerCase(Locale.ROOT)));
    }
    double[][] basis = random(Math.min(dimension, count + OVERSAMPLING), dimension);
    for (int pass = 0; pass < PASSES; pass++) {
      basis = orthonormal(covarianceTimes(basis, vectors));
    }
    return new PrincipalComponents(rotated(basis, vectors, count));
  }

  private static MsrException tooMany(int count, String most) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/COMPONENTS",
        "knowledge.components is %d, but %s. Use a smaller number, or leave it out."
            .formatted(count, most));
  }

  private static float[][] vectors(
      KnowledgeSource source, Iterable<String> keys, KnowledgeTransform standardise) {
    List<float[]> vectors = new ArrayList<>();
    float[] vector = new float[source.dimension()];
    long known = 0;
    long step = 1;
    for (String key : keys) {
      if (source.read(key, vector) && known++ % step == 0) {
        vectors.add(standardise.apply(vector.clone()));
      }
      if (vectors.size() == 2 * LEAST_USERS) {
        vectors = everySecond(vectors);
        step *= 2;
      }
    }
    return vectors.toArray(float[][]::new);
  }

  private static List<float[]> everySecond(List<float[]> all) {
    List<float[]> some = new ArrayList<>();
    for (int i = 0; i < all.size(); i += 2) {
      some.add(all.get(i));
    }
    return some;
  }

  private static double[][] random(int count, int dimension) {
    SplittableRandom random = new SplittableRandom(dimension);
    double[][] rows = new double[count][dimension];
    for (double[] row : rows) {
      Arrays.setAll(row, d -> random.nextGaussian());
    }
    return orthonormal(rows);
  }

  private static double[][] covarianceTimes(double[][] basis, float[][] vectors) {
    double[][] product = new double[basis.length][basis[0].length];
    for (float[] vector : vectors) {
      for (int j = 0; j < basis.length; j++) {
        double share = dot(basis[j], vector);
        double[] row = product[j];
        for (int d = 0; d < row.length; d++) {
          row[d] += share * vector[d];
        }
      }
    }
    return product;
  }

  /** Gram-Schmidt, twice for accuracy; a row that depends on those before becomes zeros. */
  private static double[][] orthonormal(double[][] rows) {
    for (int j = 0; j < rows.length; j++) {
      double before = norm(rows[j]);
      for (int repetition = 0; repetition < 2; repetition++) {
        for (int i = 0; i < j; i++) {
          double share = dot(rows[i], rows[j]);
          for (int d = 0; d < rows[j].length; d++) {
            rows[j][d] -= share * rows[i][d];
          }
        }
      }
      double after = norm(rows[j]);
      double scale = after > 1e-10 * before ? 1 / after : 0;
      for (int d = 0; d < rows[j].length; d++) {
        rows[j][d] *= scale;
      }
    }
    return rows;
  }

  /** Turns the basis to the principal axes within its span. */
  private static float[][] rotated(double[][] basis, float[][] vectors, int count) {
    double[][] within = new double[basis.length][basis.length];
    double[] shares = new double[basis.length];
    for (float[] vector : vectors) {
      Arrays.setAll(shares, j -> dot(basis[j], vector));
      for (int i = 0; i < shares.length; i++) {
        for (int j = 0; j < shares.length; j++) {
          within[i][j] += shares[i] * shares[j];
        }
      }
    }
    // By falling eigenvalue.
    var eigen = new EigenDecompositionSymmetric(new Array2DRowRealMatrix(within, false));
    float[][] directions = new float[count][basis[0].length];
    for (int k = 0; k < count; k++) {
      double[] rotation = eigen.getEigenvector(k).toArray();
      double[] direction = new double[basis[0].length];
      for (int j = 0; j < basis.length; j++) {
        for (int d = 0; d < direction.length; d++) {
          direction[d] += rotation[j] * basis[j][d];
        }
      }
      double sign = sign(direction);
      for (int d = 0; d < direction.length; d++) {
        directions[k][d] = (float) (sign * direction[d]);
      }
    }
    return directions;
  }

  private static double sign(double[] direction) {
    double largest = 0;
    for (double element : direction) {
      if (Math.abs(element) > Math.abs(largest)) {
        largest = element;
      }
    }
    return largest < 0 ? -1 : 1;
  }

  private static double dot(double[] first, float[] other) {
    double sum = 0;
    for (int d = 0; d < first.length; d++) {
      sum += first[d] * other[d];
    }
    return sum;
  }

  private static double dot(double[] first, double[] other) {
    double sum = 0;
    for (int d = 0; d < first.length; d++) {
      sum += first[d] * other[d];
    }
    return sum;
  }

  private static double norm(double[] row) {
    return Math.sqrt(dot(row, row));
  }

  /** Returns r. */
  int count() {
    return directions.length;
  }

  /** Returns the coordinates (r) of a standardised vector (K). */
  float[] project(float[] vector) {
    float[] coordinates = new float[directions.length];
    for (int k = 0; k < coordinates.length; k++) {
      double sum = 0;
      for (int d = 0; d < vector.length; d++) {
        sum += (double) directions[k][d] * vector[d];
      }
      coordinates[k] = (float) sum;
    }
    return coordinates;
  }
}

package org.llm4msr.runtime.knowledge.vectors;

import java.util.Arrays;
import java.util.List;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * How knowledge is standardised: (x - mean) / deviation in every dimension. Travels with the model.
 *
 * @param mean (K)
 * @param deviation (K); 0 leaves a dimension out
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention, and large.
public record KnowledgeStatistics(float[] mean, float[] deviation) implements KnowledgeTransform {

  /** Takes mean and population deviation over the keys that have a vector. */
  public static KnowledgeStatistics over(KnowledgeSource source, Iterable<String> keys) {
    int dimension = source.dimension();
    double[] mean = new double[dimension];
    double[] squares = new double[dimension];
    float[] vector = new float[dimension];
    long count = 0;
    for (String key : keys) {
      if (source.read(key, vector)) {
        count++;
        // Welford's update: outlier dimensions have means far above their deviation.
        for (int d = 0; d < dimension; d++) {
          double delta = vector[d] - mean[d];
          mean[d] += delta / count;
          squares[d] += delta * (vector[d] - mean[d]);
        }
      }
    }
    float[] deviation = new float[dimension];
    for (int d = 0; d < dimension; d++) {
      double spread = count == 0 ? 0 : Math.sqrt(squares[d] / count);
      // Below float16's resolution a spread is rounding noise.
      deviation[d] = spread > 1e-4 * Math.abs(mean[d]) ? (float) spread : 0;
    }
    float[] means = new float[dimension];
    for (int d = 0; d < dimension; d++) {
      means[d] = (float) mean[d];
    }
    return new KnowledgeStatistics(means, deviation);
  }

  /**
   * Returns the statistics for scenarios: their own mean, the users' deviations, and one factor
   * that makes the root mean square 1. Their own deviations are degenerate (with two scenarios
   * every dimension becomes plus or minus 1, however little it differs), and the users' mean would
   * leave what all scenario prompts have in common as a large offset. One scenario alone has no
   * mean of its own and is put against the users' mean.
   */
  static KnowledgeStatistics forScenarios(
      KnowledgeSource source, List<String> keys, KnowledgeStatistics users) {
    float[] center = keys.size() > 1 ? over(source, keys).mean : users.mean;
    float[] scale = users.deviation;
    float[] vector = new float[source.dimension()];
    double squares = 0;
    long count = 0;
    for (String key : keys) {
      if (source.read(key, vector)) {
        new KnowledgeStatistics(center, scale).apply(vector);
        for (float x : vector) {
          squares += (double) x * x;
        }
        count += vector.length;
      }
    }
    double root = count == 0 || squares == 0 ? 1 : Math.sqrt(squares / count);
    float[] deviation = scale.clone();
    for (int d = 0; d < deviation.length; d++) {
      deviation[d] *= (float) root;
    }
    return new KnowledgeStatistics(center, deviation);
  }

  @Override
  public float[] deviations() {
    float[] ones = new float[dimension()];
    Arrays.fill(ones, 1);
    return ones;
  }

  @Override
  public int dimension() {
    return mean.length;
  }

  /** Standardises a vector in place. */
  @Override
  public float[] apply(float[] vector) {
    for (int d = 0; d < vector.length; d++) {
      vector[d] = deviation[d] > 0 ? (vector[d] - mean[d]) / deviation[d] : 0;
    }
    return vector;
  }
}

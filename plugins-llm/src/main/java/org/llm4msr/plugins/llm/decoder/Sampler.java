package org.llm4msr.plugins.llm.decoder;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Picks the next token: the likeliest, or one drawn from a stream of random numbers that depends
 * only on the seed and the text, so that neighbours change nothing.
 */
final class Sampler {

  private final double temperature;
  private final double topP;
  private final SplittableRandom random;

  Sampler(DecoderConfig config, long[] prompt) {
    this.temperature = config.temperature();
    this.topP = config.topP();
    this.random = new SplittableRandom(31 * config.seed() + Arrays.hashCode(prompt));
  }

  /** Picks a token by its scores. */
  int pick(float[] scores) {
    int best = 0;
    for (int token = 1; token < scores.length; token++) {
      if (scores[token] > scores[best]) {
        best = token;
      }
    }
    return temperature == 0 ? best : draw(scores, scores[best]);
  }

  private int draw(float[] scores, float highest) {
    double[] weights =
        IntStream.range(0, scores.length)
            .mapToDouble(token -> Math.exp((scores[token] - highest) / temperature))
            .toArray();
    int[] order =
        topP == 1
            ? IntStream.range(0, scores.length).toArray()
            : IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer token) -> -weights[token]))
                .mapToInt(Integer::intValue)
                .toArray();
    double total = Arrays.stream(weights).sum();
    int kept = 0;
    double sum = 0;
    while (kept < order.length && (kept == 0 || sum < topP * total)) {
      sum += weights[order[kept++]];
    }
    double left = random.nextDouble() * sum;
    for (int i = 0; i < kept; i++) {
      left -= weights[order[i]];
      if (left < 0) {
        return order[i];
      }
    }
    return order[kept - 1];
  }
}

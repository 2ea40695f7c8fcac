package org.llm4msr.plugins.datasets.generator.log;

import java.util.SplittableRandom;

/** Who likes what: users and items have places on a circle, and users like items nearby. */
public final class CircleModel {

  static final String STATED =
      "P(positive) = sigmoid(base(scenario) + 2 cos(angle(user) - angle(item)) + tendency(user) +"
          + " quality(item)). Angles are uniform; base ~ N(-0.5, 0.3), tendency and quality ~ N(0,"
          + " 0.5), the second number a standard deviation. Users are drawn uniformly, items by"
          + " Zipf's law with the exponent 0.8.";

  private static final double NEARNESS = 2;
  private static final double BASE = -0.5;
  private static final double BASE_SPREAD = 0.3;
  private static final double SPREAD = 0.5;

  private final double[] bases;
  private final float[] userAngles;
  private final float[] tendencies;
  private final float[] itemAngles;
  private final float[] qualities;

  CircleModel(LogSizeConfig size, int scenarios) {
    SplittableRandom random = new SplittableRandom(size.seed());
    bases = new double[scenarios];
    for (int s = 0; s < scenarios; s++) {
      bases[s] = BASE + BASE_SPREAD * random.nextGaussian();
    }
    userAngles = angles(size.users(), random);
    tendencies = normal(size.users(), random);
    itemAngles = angles(size.items(), random);
    qualities = normal(size.items(), random);
  }

  /** Returns the probability of a positive, in units of {@code 1 / BayesAuc.UNIT}. */
  public int probability(int user, int item, int scenario) {
    double logit =
        bases[scenario]
            + NEARNESS * Math.cos(userAngles[user] - itemAngles[item])
            + tendencies[user]
            + qualities[item];
    return (int) Math.round(BayesAuc.UNIT / (1 + Math.exp(-logit)));
  }

  /** Returns in which of {@code sectors} equal parts of the circle a user is. */
  public int sectorOfUser(int user, int sectors) {
    return sector(userAngles[user], sectors);
  }

  /** Returns in which of {@code sectors} equal parts of the circle an item is. */
  public int sectorOfItem(int item, int sectors) {
    return sector(itemAngles[item], sectors);
  }

  private static int sector(float angle, int sectors) {
    return Math.min(sectors - 1, (int) (angle / (2 * Math.PI) * sectors));
  }

  private static float[] angles(int count, SplittableRandom random) {
    float[] angles = new float[count];
    for (int i = 0; i < count; i++) {
      angles[i] = (float) (2 * Math.PI * random.nextDouble());
    }
    return angles;
  }

  private static float[] normal(int count, SplittableRandom random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (SPREAD * random.nextGaussian());
    }
    return values;
  }
}

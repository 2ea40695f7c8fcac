package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.util.SplittableRandom;
import org.llm4msr.plugins.datasets.generator.log.Topics;
import org.llm4msr.plugins.datasets.generator.log.Weights;

/**
 * The users and their tastes. Each has a home domain and three favourite topics, two of them in the
 * home domain, which hold in every scenario; in each scenario one of the three is muted and one
 * further topic takes its place there.
 */
final class UserPopulation {

  /** The number of a user's favourites that hold in every scenario. */
  static final int FAVOURITES = 3;

  private static final double[] STABLE_AFFINITY = {1.0, 0.85, 0.7};
  private static final double HOME_AFFINITY = 0.35;
  private static final double MUTED = 0.4;
  private static final double LOCAL_AFFINITY = 0.6;
  private static final double ACTIVITY_SPREAD = 0.5;
  private static final double BIAS_SPREAD = 0.3;

  private final Topics topics;
  private final long seed;
  private final byte[] favourites;
  private final byte[] home;
  private final float[] bias;
  private final double[] activity;

  UserPopulation(int count, Topics topics, long seed) {
    this.topics = topics;
    this.seed = seed;
    favourites = new byte[count * FAVOURITES];
    home = new byte[count];
    bias = new float[count];
    activity = new double[count];
    SplittableRandom random = new SplittableRandom(seed);
    double sum = 0;
    for (int user = 0; user < count; user++) {
      drawFavourites(user, random);
      bias[user] = (float) (BIAS_SPREAD * random.nextGaussian());
      sum += Math.exp(ACTIVITY_SPREAD * random.nextGaussian());
      activity[user] = sum;
    }
  }

  /** Returns how many users there are. */
  int size() {
    return home.length;
  }

  /** Draws a user, the active ones more often. */
  int draw(SplittableRandom random) {
    return Weights.draw(activity, random);
  }

  /** Returns the domain that the user likes most. */
  int home(int user) {
    return home[user];
  }

  /** Returns the user's tendency to click, in logits. */
  double bias(int user) {
    return bias[user];
  }

  /** Draws one of the topics that the user likes in a scenario. */
  int drawLiked(int user, int scenario, SplittableRandom random) {
    int pick = random.nextInt(FAVOURITES + 1);
    return pick < FAVOURITES ? favourite(user, pick) : localFavourite(user, scenario);
  }

  /** Returns how much the user likes a topic in a scenario: 0 not at all, 1 most of all. */
  double affinity(int user, int topic, int scenario) {
    long hash = hash(user, scenario);
    double stable = topics.get(topic).domainId() == home[user] ? HOME_AFFINITY : 0;
    for (int i = 0; i < FAVOURITES; i++) {
      if (favourite(user, i) == topic) {
        boolean muted = Math.floorMod(hash, FAVOURITES) == i;
        stable = Math.max(stable, STABLE_AFFINITY[i] * (muted ? MUTED : 1));
        break;
      }
    }
    return localFavourite(user, scenario) == topic ? Math.max(stable, LOCAL_AFFINITY) : stable;
  }

  private int favourite(int user, int i) {
    return favourites[user * FAVOURITES + i];
  }

  private int localFavourite(int user, int scenario) {
    return Math.floorMod(hash(user, scenario) >>> 8, topics.size());
  }

  private void drawFavourites(int user, SplittableRandom random) {
    int first = random.nextInt(topics.size());
    home[user] = (byte) topics.get(first).domainId();
    favourites[user * FAVOURITES] = (byte) first;
    favourites[user * FAVOURITES + 1] = (byte) inHomeDomain(user, random);
    favourites[user * FAVOURITES + 2] = (byte) random.nextInt(topics.size());
  }

  private int inHomeDomain(int user, SplittableRandom random) {
    int topic = random.nextInt(topics.size());
    while (topics.get(topic).domainId() != home[user]) {
      topic = random.nextInt(topics.size());
    }
    return topic;
  }

  /** The finaliser of SplitMix64 over user, scenario and seed: a draw that need not be stored. */
  private long hash(int user, int scenario) {
    long z = seed + user * 0x9E3779B97F4A7C15L + (scenario + 1) * 0xD1B54A32D192ED03L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}

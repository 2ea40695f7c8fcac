package org.llm4msr.plugins.datasets.generator.kuaisar;

import java.util.SplittableRandom;
import org.llm4msr.plugins.datasets.generator.log.Topics;
import org.llm4msr.plugins.datasets.generator.log.Weights;

/**
 * Who is shown what, and who clicks.
 *
 * <pre>
 * logit = base(scenario) + strength * affinity(user, topic, scenario) + tendency(user)
 *       + quality(item) + taste(scenario, topic) + hour(topic, hour) + match(query, topic)
 *       + textStrength * liking(user, style of the item)
 * P(click | place) = sigmoid(logit + attention(place))
 * </pre>
 *
 * The place on the screen is not in the log, so the true probability of a row is the mean over the
 * places, which are equally likely for every item of a request.
 */
final class ClickModel {

  /** The scenario of {@code src_inter.csv}. */
  static final int SEARCH = 1;

  private static final double PERSONAL_SHARE = 0.35;
  private static final double OWN_QUERY_SHARE = 0.8;
  private static final double MATCHING_SHARE = 0.65;
  private static final double FEED_BASE = -1.2;
  private static final double SEARCH_BASE = -3.2;
  private static final double BASE_SPREAD = 0.3;
  private static final double MATCH = 0.7;
  private static final double TASTE_SPREAD = 0.3;
  private static final double POPULARITY_SPREAD = 0.4;
  private static final double HOUR_EFFECT = 0.25;
  private static final double ATTENTION = 0.8;

  private final UserPopulation users;
  private final ItemPopulation items;
  private final double strength;
  private final double textStrength;
  private final Styles styles;
  private final double[] base;
  private final double[][] taste;
  private final double[][] topicPopularity;

  ClickModel(
      UserPopulation users,
      ItemPopulation items,
      Topics topics,
      Styles styles,
      KuaiSarGeneratorConfig config,
      long seed) {
    this.users = users;
    this.items = items;
    this.styles = styles;
    strength = config.interestStrength();
    textStrength = config.textStrength();
    int scenarios = config.scenarios();
    base = new double[scenarios];
    taste = new double[scenarios][topics.size()];
    topicPopularity = new double[scenarios][];
    SplittableRandom random = new SplittableRandom(seed);
    for (int s = 0; s < scenarios; s++) {
      base[s] = (s == SEARCH ? SEARCH_BASE : FEED_BASE) + BASE_SPREAD * random.nextGaussian();
      for (int t = 0; t < topics.size(); t++) {
        taste[s][t] = TASTE_SPREAD * random.nextGaussian();
      }
      topicPopularity[s] = Weights.logNormal(topics.size(), POPULARITY_SPREAD, random);
    }
  }

  /** Draws an item that a feed shows the user. */
  int drawFeedItem(int user, int scenario, SplittableRandom random) {
    int topic =
        random.nextDouble() < PERSONAL_SHARE
            ? users.drawLiked(user, scenario, random)
            : Weights.draw(topicPopularity[scenario], random);
    return items.draw(topic, random);
  }

  /** Draws the topic of a query. */
  int drawQuery(int user, SplittableRandom random) {
    return random.nextDouble() < OWN_QUERY_SHARE
        ? users.drawLiked(user, SEARCH, random)
        : Weights.draw(topicPopularity[SEARCH], random);
  }

  /** Draws an item that a search finds. */
  int drawFoundItem(int query, SplittableRandom random) {
    int topic =
        random.nextDouble() < MATCHING_SHARE
            ? query
            : Weights.draw(topicPopularity[SEARCH], random);
    return items.draw(topic, random);
  }

  /**
   * Returns the logit of a click without the effect of the place.
   *
   * @param query the topic of the query, or -1 in a feed
   * @param hour of the day, 0 to 24
   */
  double logit(int user, int item, int scenario, int query, double hour) {
    int topic = items.topic(item);
    double phase = 24.0 * topic / taste[scenario].length;
    return base[scenario]
        + interest(user, item, scenario)
        + users.bias(user)
        + items.quality(item)
        + taste[scenario][topic]
        + HOUR_EFFECT * Math.cos(2 * Math.PI * (hour - phase) / 24)
        + (query == topic ? MATCH : 0);
  }

  /** Returns the part of the logit that the text of an item tells to who knows the user. */
  double interest(int user, int item, int scenario) {
    double interest = strength * users.affinity(user, items.topic(item), scenario);
    return textStrength == 0 ? interest : interest + textStrength * styles.liking(user, item);
  }

  /** Returns the probability of a click at one position of a request. */
  static double probability(double logit, int position, int positions) {
    return 1 / (1 + Math.exp(-logit - attention(position, positions)));
  }

  /** Returns the probability of a click if the position is not known. */
  static double meanProbability(double logit, int positions) {
    double sum = 0;
    for (int position = 0; position < positions; position++) {
      sum += probability(logit, position, positions);
    }
    return sum / positions;
  }

  private static double attention(int position, int positions) {
    return positions == 1 ? 0 : ATTENTION * (0.5 - (double) position / (positions - 1));
  }
}

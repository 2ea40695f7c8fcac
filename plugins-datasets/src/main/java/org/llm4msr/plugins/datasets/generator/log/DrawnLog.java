package org.llm4msr.plugins.datasets.generator.log;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;

/**
 * A log that is drawn from {@link CircleModel}, row by row in order of time, in memory that does
 * not grow with the rows.
 */
public final class DrawnLog {

  private static final double ITEM_SKEW = 0.8;
  private static final double SCENARIO_SKEW = 0.7;

  private final LogSizeConfig size;
  private final List<String> scenarios;
  private final boolean scenarioOfItem;
  private final int positions;
  private final CircleModel model;
  private final LogCounts counts;
  private final double[] itemWeights;
  private final double[] scenarioWeights;
  private final SplittableRandom random;

  /**
   * Makes a log.
   *
   * @param scenarioOfItem whether each item has one scenario, {@link #scenario}, or each row has
   *     its own
   * @param positions rows of one request, which share user and time and differ in the item
   */
  public DrawnLog(
      LogSizeConfig size, List<String> scenarios, boolean scenarioOfItem, int positions) {
    this.size = size;
    this.scenarios = scenarios;
    this.scenarioOfItem = scenarioOfItem;
    this.positions = positions;
    model = new CircleModel(size, scenarios.size());
    counts = new LogCounts(scenarios);
    itemWeights = Weights.zipf(size.items(), ITEM_SKEW);
    scenarioWeights = Weights.zipf(scenarios.size(), SCENARIO_SKEW);
    random = new SplittableRandom(size.seed() + 1);
  }

  /**
   * One row.
   *
   * @param number from 0
   * @param scenario its index in the list
   * @param time in milliseconds since 1970
   */
  public record Interaction(
      long number, int user, int item, int scenario, long time, boolean positive) {}

  /** Takes rows. */
  @FunctionalInterface
  public interface Sink {
    void write(Interaction row) throws IOException;
  }

  public CircleModel model() {
    return model;
  }

  /** Returns the scenario of an item, if each has one. */
  public int scenario(int item) {
    return item % scenarios.size();
  }

  /** Draws all rows, evenly over a span of time. */
  public void draw(Instant begin, Duration span, Progress progress, Sink sink) throws IOException {
    int user = 0;
    long time = 0;
    int[] shown = new int[positions];
    for (long number = 0; number < size.interactions(); number++) {
      int position = (int) (number % positions);
      if (position == 0) {
        user = random.nextInt(size.users());
        time =
            begin.toEpochMilli()
                + (long) (span.toMillis() * ((double) number / size.interactions()));
        Arrays.fill(shown, -1);
      }
      shown[position] = anotherItem(shown);
      sink.write(row(number, user, shown[position], time));
      if (number % 4096 == 0) {
        progress.update(number, size.interactions());
      }
    }
    progress.update(size.interactions(), size.interactions());
  }

  private int anotherItem(int[] shown) {
    int item = Weights.draw(itemWeights, random);
    for (int other : shown) {
      if (item == other) {
        return anotherItem(shown);
      }
    }
    return item;
  }

  private Interaction row(long number, int user, int item, long time) {
    int scenario = scenarioOfItem ? scenario(item) : Weights.draw(scenarioWeights, random);
    int probability = model.probability(user, item, scenario);
    boolean positive = random.nextInt(BayesAuc.UNIT) < probability;
    counts.add(user, item, scenario, probability, positive);
    return new Interaction(number, user, item, scenario, time, positive);
  }

  /**
   * Writes the label, once all rows are drawn.
   *
   * @param format the format of the files
   * @param dataset the section {@code dataset} of an experiment beside them, on one line
   */
  public void label(Path folder, String format, String dataset) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("generated", true);
    map.put("format", format);
    map.put("model", CircleModel.STATED);
    map.put("seed", size.seed());
    map.put("interactions", size.interactions());
    map.put("usersInLog", counts.users());
    map.put("itemsInLog", counts.items());
    map.put("bayes", counts.bayes());
    map.put("dataset", dataset);
    GeneratedLabel.write(folder, map);
  }
}

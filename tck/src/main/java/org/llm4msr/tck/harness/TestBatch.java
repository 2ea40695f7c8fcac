package org.llm4msr.tck.harness;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.llm4msr.api.model.Level;

/**
 * The embedded rows of one batch.
 *
 * @param scenario the rank of each row's scenario: (B)
 * @param user the user of each row, 0 to U - 1: (B)
 * @param item the item of each row, 0 to I - 1: (B)
 * @param flat (B, W)
 * @param scenarioTable (S, Ds)
 * @param userKnowledge (U, K)
 * @param scenarioKnowledge (S, K)
 * @param itemKnowledge (I, K)
 * @param history (B, n), similarities to the user's history
 * @param sequences the columns of each row's {@link SequenceData}; no rows in a batch without
 */
@SuppressWarnings("ArrayRecordComponent") // Test values, which are not compared with equals.
public record TestBatch(
    int[] scenario,
    int[] user,
    int[] item,
    float[][] flat,
    float[][] scenarioTable,
    float[][] userKnowledge,
    float[][] scenarioKnowledge,
    float[][] itemKnowledge,
    float[][] history,
    float[][] sequences) {

  private static final int HISTORY = 6;

  /**
   * Draws a batch of standard normal values with rows of every scenario, at least two, of every
   * user, and of every item; there are as many items as users.
   */
  public static TestBatch random(
      long seed, int rows, int width, int scenarios, int users, int knowledge, int embedding) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] scenario = new int[rows];
    int[] user = new int[rows];
    for (int row = 0; row < rows; row++) {
      scenario[row] = row < 2 * scenarios ? row % scenarios : random.nextInt(scenarios);
      user[row] = row < users ? row : random.nextInt(users);
    }
    float[][] flat = normal(random, rows, width);
    float[][] scenarioTable = normal(random, scenarios, embedding);
    float[][] userKnowledge = normal(random, users, knowledge);
    float[][] scenarioKnowledge = normal(random, scenarios, knowledge);
    int[] item = new int[rows];
    for (int row = 0; row < rows; row++) {
      item[row] = row < users ? users - 1 - row : random.nextInt(users);
    }
    return new TestBatch(
        scenario,
        user,
        item,
        flat,
        scenarioTable,
        userKnowledge,
        scenarioKnowledge,
        normal(random, users, knowledge),
        normal(random, rows, HISTORY),
        SequenceData.draw(random, rows));
  }

  /** Returns the group of each row at a level: (B). */
  public int[] groups(Level level) {
    return switch (level) {
      case USER -> user;
      case SCENARIO -> scenario;
      case ITEM -> item;
    };
  }

  /** Returns B. */
  public int rows() {
    return scenario.length;
  }

  /** Returns the batch of these rows, in this order; only users and items with rows remain. */
  public TestBatch rows(int... rows) {
    int[] users = Arrays.stream(rows).map(row -> user[row]).toArray();
    int[] items = Arrays.stream(rows).map(row -> item[row]).toArray();
    return new TestBatch(
        Arrays.stream(rows).map(row -> scenario[row]).toArray(),
        numbered(users),
        numbered(items),
        picked(flat, rows),
        scenarioTable,
        picked(userKnowledge, Arrays.stream(users).distinct().toArray()),
        scenarioKnowledge,
        picked(itemKnowledge, Arrays.stream(items).distinct().toArray()),
        picked(history, rows),
        sequences.length == 0 ? sequences : picked(sequences, rows));
  }

  /** Numbers groups by first appearance. */
  private static int[] numbered(int[] groups) {
    int[] distinct = Arrays.stream(groups).distinct().toArray();
    int[] position = new int[Arrays.stream(groups).max().orElse(0) + 1];
    for (int i = 0; i < distinct.length; i++) {
      position[distinct[i]] = i;
    }
    return Arrays.stream(groups).map(group -> position[group]).toArray();
  }

  private static float[][] picked(float[][] values, int[] rows) {
    return Arrays.stream(rows).mapToObj(row -> values[row]).toArray(float[][]::new);
  }

  /** Returns this batch with every input times a factor. */
  public TestBatch scaled(float factor) {
    return withFlat(times(factor, flat)).withSequences(SequenceData.scaled(factor, sequences));
  }

  private TestBatch withFlat(float[][] other) {
    return new TestBatch(
        scenario,
        user,
        item,
        other,
        scenarioTable,
        userKnowledge,
        scenarioKnowledge,
        itemKnowledge,
        history,
        sequences);
  }

  /** Returns this batch with rows whose users have done nothing before. */
  public TestBatch withoutEvents() {
    return withSequences(SequenceData.without(sequences));
  }

  private TestBatch withSequences(float[][] other) {
    return new TestBatch(
        scenario,
        user,
        item,
        flat,
        scenarioTable,
        userKnowledge,
        scenarioKnowledge,
        itemKnowledge,
        history,
        other);
  }

  /** Returns this batch with all knowledge times a factor. */
  public TestBatch knowledgeScaled(float factor) {
    return withKnowledge(
        times(factor, userKnowledge),
        times(factor, scenarioKnowledge),
        times(factor, itemKnowledge));
  }

  /** Returns this batch with the knowledge of one user, scenario or item moved by 1. */
  public TestBatch knowledgeMoved(Level level, int group) {
    return switch (level) {
      case USER -> withKnowledge(moved(userKnowledge, group), scenarioKnowledge, itemKnowledge);
      case SCENARIO -> withKnowledge(userKnowledge, moved(scenarioKnowledge, group), itemKnowledge);
      case ITEM -> withKnowledge(userKnowledge, scenarioKnowledge, moved(itemKnowledge, group));
    };
  }

  /** Returns this batch with one row's input moved by a step in a random direction. */
  public TestBatch inputMoved(int row, double step) {
    SplittableRandom random = new SplittableRandom(TestSeed.value());
    float[][] moved = flat.clone();
    moved[row] = flat[row].clone();
    for (int i = 0; i < moved[row].length; i++) {
      moved[row][i] += (float) (step * random.nextGaussian());
    }
    return withFlat(moved);
  }

  private static float[][] moved(float[][] knowledge, int group) {
    float[][] moved = knowledge.clone();
    moved[group] = knowledge[group].clone();
    for (int i = 0; i < moved[group].length; i++) {
      moved[group][i] += 1;
    }
    return moved;
  }

  private static float[][] times(float factor, float[][] values) {
    float[][] scaled = new float[values.length][];
    for (int row = 0; row < values.length; row++) {
      scaled[row] = values[row].clone();
      for (int i = 0; i < scaled[row].length; i++) {
        scaled[row][i] *= factor;
      }
    }
    return scaled;
  }

  /**
   * Returns this batch with other knowledge.
   *
   * @param users (U, K)
   * @param scenarios (S, K)
   * @param items (I, K)
   */
  public TestBatch withKnowledge(float[][] users, float[][] scenarios, float[][] items) {
    return new TestBatch(
        scenario, user, item, flat, scenarioTable, users, scenarios, items, history, sequences);
  }

  /** Returns the batch of the rows whose scenario passes a test, as {@link #rows} does. */
  public TestBatch ofScenarios(IntPredicate chosen) {
    return rows(IntStream.range(0, rows()).filter(row -> chosen.test(scenario[row])).toArray());
  }

  private static float[][] normal(SplittableRandom random, int rows, int columns) {
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return values;
  }
}

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
 * @param flat (B, W)
 * @param scenarioTable (S, Ds)
 * @param userKnowledge (U, K)
 * @param scenarioKnowledge (S, K)
 */
@SuppressWarnings("ArrayRecordComponent") // Test values, which are not compared with equals.
public record TestBatch(
    int[] scenario,
    int[] user,
    float[][] flat,
    float[][] scenarioTable,
    float[][] userKnowledge,
    float[][] scenarioKnowledge) {

  /**
   * Draws a batch of standard normal values with rows of every scenario, at least two, and of every
   * user.
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
    return new TestBatch(
        scenario,
        user,
        normal(random, rows, width),
        normal(random, scenarios, embedding),
        normal(random, users, knowledge),
        normal(random, scenarios, knowledge));
  }

  /** Returns B. */
  public int rows() {
    return scenario.length;
  }

  /** Returns the batch of these rows, in this order; only users that have rows remain. */
  public TestBatch rows(int... rows) {
    int[] users = Arrays.stream(rows).map(row -> user[row]).distinct().toArray();
    int[] position = new int[userKnowledge.length];
    for (int i = 0; i < users.length; i++) {
      position[users[i]] = i;
    }
    return new TestBatch(
        Arrays.stream(rows).map(row -> scenario[row]).toArray(),
        Arrays.stream(rows).map(row -> position[user[row]]).toArray(),
        Arrays.stream(rows).mapToObj(row -> flat[row]).toArray(float[][]::new),
        scenarioTable,
        Arrays.stream(users).mapToObj(u -> userKnowledge[u]).toArray(float[][]::new),
        scenarioKnowledge);
  }

  /** Returns this batch with every input times a factor. */
  public TestBatch scaled(float factor) {
    return new TestBatch(
        scenario, user, times(factor, flat), scenarioTable, userKnowledge, scenarioKnowledge);
  }

  /** Returns this batch with all knowledge times a factor. */
  public TestBatch knowledgeScaled(float factor) {
    return withKnowledge(times(factor, userKnowledge), times(factor, scenarioKnowledge));
  }

  /** Returns this batch with the knowledge of one user or scenario moved by 1. */
  public TestBatch knowledgeMoved(Level level, int group) {
    return level == Level.USER
        ? withKnowledge(moved(userKnowledge, group), scenarioKnowledge)
        : withKnowledge(userKnowledge, moved(scenarioKnowledge, group));
  }

  /** Returns this batch with one row's input moved by a step in a random direction. */
  public TestBatch inputMoved(int row, double step) {
    SplittableRandom random = new SplittableRandom(TestSeed.value());
    float[][] moved = flat.clone();
    moved[row] = flat[row].clone();
    for (int i = 0; i < moved[row].length; i++) {
      moved[row][i] += (float) (step * random.nextGaussian());
    }
    return new TestBatch(scenario, user, moved, scenarioTable, userKnowledge, scenarioKnowledge);
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
   */
  public TestBatch withKnowledge(float[][] users, float[][] scenarios) {
    return new TestBatch(scenario, user, flat, scenarioTable, users, scenarios);
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

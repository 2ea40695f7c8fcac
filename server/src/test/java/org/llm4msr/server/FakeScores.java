package org.llm4msr.server;

import java.util.Objects;
import java.util.Random;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.rows.RowEncoder;

/**
 * Probabilities of rows: the logistic function of a sum with a drawn number for each value that a
 * row has, and for each number of the vectors of its user, its item and its scenario.
 *
 * @param seed of the drawn numbers
 */
record FakeScores(long seed, RowEncoder encoder) {

  /** The size of vectors. */
  static final int WIDTH = 4;

  float probability(Batch batch, int row) {
    double logit = drawn("scenario", batch.scenario[row]);
    for (int field = 0; field < batch.fields.size(); field++) {
      logit += of(encoder.manifest().fields().get(field).name(), batch.fields.get(field), row);
    }
    logit += product(Level.USER, user(batch, row));
    logit += product(Level.ITEM, item(batch, row));
    logit += product(Level.SCENARIO, scenario(batch, row));
    return (float) (1 / (1 + Math.exp(-logit)));
  }

  private double of(String field, FieldValues values, int row) {
    if (values instanceof FieldValues.Ids ids) {
      return drawn(field, ids.ids()[row]);
    }
    if (values instanceof FieldValues.Numbers numbers) {
      return numbers.values()[row] * drawn(field, 0);
    }
    FieldValues.IdLists lists = (FieldValues.IdLists) values;
    double sum = 0;
    for (int at = lists.offsets[row]; at < lists.offsets[row + 1]; at++) {
      sum += drawn(field, lists.ids[at]);
    }
    return sum;
  }

  private double product(Level level, float[] vector) {
    double sum = 0;
    for (int k = 0; k < WIDTH; k++) {
      sum += vector[k] * drawn(level.name(), k);
    }
    return sum;
  }

  private float[] user(Batch batch, int row) {
    float[] given = batch.vector(Level.USER, row);
    return given != null ? given : stored(Level.USER, batch.user[row]);
  }

  private float[] item(Batch batch, int row) {
    float[] given = batch.vector(Level.ITEM, row);
    return given != null ? given : stored(Level.ITEM, batch.item[row]);
  }

  private float[] scenario(Batch batch, int row) {
    float[] given = batch.vector(Level.SCENARIO, row);
    return given != null
        ? given
        : stored(Level.SCENARIO, encoder.manifest().scenarioKeys().get(batch.scenario[row]));
  }

  private float[] stored(Level level, int index) {
    var keys = level == Level.USER ? encoder.userKeys() : encoder.itemKeys();
    return index < keys.size() ? stored(level, keys.get(index)) : new float[WIDTH];
  }

  /** Returns the vector that every model has stored of a key. */
  static float[] stored(Level level, String key) {
    Random random = new Random(Objects.hash(level.name(), key));
    float[] vector = new float[WIDTH];
    for (int k = 0; k < WIDTH; k++) {
      vector[k] = random.nextFloat(-1, 1);
    }
    return vector;
  }

  private double drawn(String name, int number) {
    return new Random(Objects.hash(seed, name, number) * 0x9E3779B97F4A7C15L).nextDouble() - 0.5;
  }
}

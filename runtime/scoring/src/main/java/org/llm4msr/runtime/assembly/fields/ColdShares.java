package org.llm4msr.runtime.assembly.fields;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig.Form;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;

/**
 * How much of a field's embedding the projected vector of the row's item displaces: halfAt / (n +
 * halfAt) for a value with n training rows, all for one with none, and nothing where the item has
 * no vector. Immutable; safe for several threads.
 */
public final class ColdShares {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final int field;
  private final float[] shares;
  private final VectorLookup items;
  private final ColdItemsConfig config;
  private final long seed;

  private ColdShares(
      int field, float[] shares, VectorLookup items, ColdItemsConfig config, long seed) {
    this.field = field;
    this.shares = shares;
    this.items = items;
    this.config = config;
    this.seed = seed;
  }

  /**
   * Makes those of a model.
   *
   * @param rows the training rows of a field's values, by id
   * @param seed of what dropout draws
   * @throws MsrException model/COLD_ITEMS where the data has no such field, or it has other values
   *     than one of a vocabulary
   */
  public static ColdShares of(
      ColdItemsConfig config,
      List<PreparedField> fields,
      Function<PreparedField, float[]> rows,
      VectorLookup items,
      long seed) {
    FieldProblems.requireCategorical(config, fields);
    int number = fields.stream().map(PreparedField::name).toList().indexOf(config.field());
    return new ColdShares(
        number, shares(rows.apply(fields.get(number)), config.halfAt()), items, config, seed);
  }

  /** Returns the width of the field; 0 for a model without. */
  public static int width(@Nullable ColdShares shares, FeatureLayout layout) {
    return shares == null ? 0 : layout.fields().get(shares.field).width();
  }

  private static float[] shares(float[] rows, double halfAt) {
    float[] shares = new float[rows.length];
    for (int id = 0; id < shares.length; id++) {
      shares[id] = rows[id] == 0 ? 1 : (float) (halfAt / (rows[id] + halfAt));
    }
    return shares;
  }

  /** Returns the number of the field in a batch. */
  public int field() {
    return field;
  }

  /** Returns what stands in the field. */
  public Form form() {
    return config.form();
  }

  /** Returns the share of each value whose item has a vector, by id. */
  public float[] byId() {
    return shares.clone();
  }

  /** Returns whether an item has a vector, by its index. */
  public boolean isKnown(int item) {
    return items.isKnown(item);
  }

  /**
   * Writes the shares of a batch into the last column of its flat input.
   *
   * @param flat (B, width) from index 0
   * @param training whether dropout has some rows read the vector alone
   * @param step of the training, which decides what is drawn
   */
  public void fill(Batch batch, FloatBuffer flat, int width, boolean training, long step) {
    double dropout = config.dropout();
    int[] ids = ((FieldValues.Ids) batch.fields.get(field)).ids();
    SplittableRandom random =
        training && dropout > 0
            ? new SplittableRandom(new SplittableRandom(seed * GOLDEN + step).nextLong())
            : null;
    int before = random == null || batch.share == null ? 0 : batch.share.before();
    for (int row = 0; random != null && row < before; row++) {
      random.nextDouble(); // Of the rows that other workers have.
    }
    for (int row = 0; row < batch.size; row++) {
      boolean dropped = random != null && random.nextDouble() < dropout;
      float share = items.has(batch, row) ? (dropped ? 1 : shares[ids[row]]) : 0;
      flat.put(row * width + width - 1, share);
    }
  }
}

package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.history.Whitening;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * Which vector counts for a row, at one level, as the model reads it. It is the first that there is
 * of:
 *
 * <ol>
 *   <li>the one that came with the row;
 *   <li>the fresh one, if it has the width that the model reads;
 *   <li>the one that is stored for the key; for a row that trains, that from before its period;
 *   <li>what {@link Missing} says, which all keys without a vector share.
 * </ol>
 *
 * <p>The first two depend on raw ids, so {@link KeyVectors} chooses between them while rows are
 * encoded, and {@link Batch#vector} holds what it chose.
 *
 * <p>A slot is what rows read that read the same: a key in one version, a row's own vector, or the
 * missing one. Safe for several threads unless one of them trains.
 */
public final class VectorLookup {

  private final Level level;
  private final KnowledgeTransform transform;
  private final Missing missing;
  private final @Nullable EarlierKnowledge earlier;
  private final Function<KnowledgeSource, KnowledgeVectors> loader;
  private final KnowledgeVectors stored;
  private final int rawDimension;
  private final int versions;
  private final int unknown;

  /** By period; loaded by the first batch that trains. */
  private final List<KnowledgeVectors> byPeriod = new ArrayList<>();

  /**
   * Loads what is stored.
   *
   * @param keys by index
   * @param missing {@code LEARNED} reads as {@code MEAN}, to which a model adds what it learns
   * @param earlier what rows that train read in place of {@code source}; null: the same
   */
  VectorLookup(
      Level level,
      KnowledgeSource source,
      List<String> keys,
      KnowledgeTransform transform,
      Missing missing,
      @Nullable EarlierKnowledge earlier) {
    this.level = level;
    this.transform = transform;
    this.missing = missing;
    this.earlier = earlier;
    rawDimension = source.dimension();
    float[] ofMissing =
        missing == Missing.ZERO
            ? transform.apply(new float[rawDimension])
            : new float[transform.dimension()];
    loader = vectors -> KnowledgeVectors.load(vectors, keys, transform, ofMissing);
    stored = loader.apply(source);
    versions = earlier == null ? 1 : 1 + earlier.periods().count();
    if ((long) stored.size() * versions > Integer.MAX_VALUE) {
      throw new ArithmeticException(
          "%d keys in %d versions are too many".formatted(stored.size(), versions));
    }
    unknown = keys.size() * versions;
  }

  /** Returns the size of a vector as the language model gave it. */
  int rawDimension() {
    return rawDimension;
  }

  /** Returns the size of a vector as the model reads it, K. */
  public int dimension() {
    return transform.dimension();
  }

  /** Returns how many keys there are. */
  public int size() {
    return stored.size() - 1;
  }

  /** Returns how many keys have a stored vector. */
  int knownCount() {
    return stored.knownCount();
  }

  /** Returns whether the model learns what keys without a vector read. */
  public boolean learnsMissing() {
    return missing == Missing.LEARNED;
  }

  /** Returns whether a row that does not train reads a vector of its own. */
  public boolean has(Batch batch, int row) {
    return link(batch, row) != VectorLink.MISSING;
  }

  /** Returns from where a row that does not train has its vector. */
  public VectorLink link(Batch batch, int row) {
    if (batch.vector(level, row) != null) {
      return batch.isReplaced(level, row) ? VectorLink.FRESH : VectorLink.GIVEN;
    }
    return stored.isKnown(key(batch, row)) ? VectorLink.STORED : VectorLink.MISSING;
  }

  /**
   * Writes the slot that each row of a batch reads.
   *
   * @param training whether the batch is trained on
   */
  public void slots(Batch batch, boolean training, int[] target) {
    EarlierKnowledge before = training ? earlier : null;
    if (before != null && byPeriod.isEmpty()) {
      byPeriod.add(loader.apply(new NoVectors(rawDimension)));
      before.users().forEach(source -> byPeriod.add(loader.apply(source)));
    }
    for (int row = 0; row < batch.size; row++) {
      float[] own = batch.vector(level, row);
      if (own != null) {
        boolean repeated = level == Level.USER && row > 0 && own == batch.vector(level, row - 1);
        target[row] = repeated ? target[row - 1] : unknown + versions + row;
      } else {
        int version = before == null ? 0 : 1 + before.periods().of(batch.row[row]);
        int slot = key(batch, row) * versions + version;
        target[row] = isKnown(slot) ? slot : unknown;
      }
    }
  }

  /** Returns whether a slot is not the missing one. */
  public boolean isKnown(int slot) {
    return slot >= unknown + versions || version(slot).isKnown(slot / versions);
  }

  /**
   * Writes the vector of a slot to row {@code at} of (n, K).
   *
   * @param batch whose slot it is
   */
  public void copy(Batch batch, int slot, FloatBuffer target, int at) {
    int row = slot - unknown - versions;
    copy(row < 0 ? null : batch.vector(level, row), slot, target, at);
  }

  /**
   * Writes the vectors of the rows of a batch that does not train, (B, K).
   *
   * @param learned (K), what is added where a row has none; null where that is not learned
   */
  public void fill(Batch batch, @Nullable FloatBuffer learned, FloatBuffer target) {
    int[] slots = new int[batch.size];
    slots(batch, false, slots);
    for (int row = 0; row < batch.size; row++) {
      copy(batch, slots[row], target, row);
      if (learned != null && !isKnown(slots[row])) {
        add(learned, target, row * dimension());
      }
    }
  }

  private static void add(FloatBuffer values, FloatBuffer target, int at) {
    for (int k = 0; k < values.limit(); k++) {
      target.put(at + k, target.get(at + k) + values.get(k));
    }
  }

  /**
   * Writes the vectors of all keys, (n, K).
   *
   * @param own those that count in place of the stored ones, by index; null where there are none
   */
  public void copyAll(float @Nullable [] @Nullable [] own, FloatBuffer target) {
    for (int key = 0; key < size(); key++) {
      copy(own == null ? null : own[key], key * versions, target, key);
    }
  }

  private void copy(float @Nullable [] own, int slot, FloatBuffer target, int at) {
    if (own == null) {
      version(slot).copy(slot / versions, target, at);
    } else {
      target.put(at * dimension(), transform.apply(own.clone()), 0, dimension());
    }
  }

  private KnowledgeVectors version(int slot) {
    int version = slot % versions;
    return version == 0 ? stored : byPeriod.get(version - 1);
  }

  private int key(Batch batch, int row) {
    return switch (level) {
      case USER -> batch.user[row];
      case SCENARIO -> batch.scenario[row];
      case ITEM -> batch.item[row];
    };
  }

  /** Returns what a model reads of histories by the stored vectors. */
  ModelHistory history(HistoryInputs inputs) {
    Whitening whitening = Whitening.of(transform.deviations(), inputs.config().whitening());
    return new ModelHistory(
        stored.units(whitening),
        inputs.logs(),
        inputs.layout(),
        vector -> whitening.apply(transform.apply(vector.clone())),
        inputs.lastPart().number());
  }
}

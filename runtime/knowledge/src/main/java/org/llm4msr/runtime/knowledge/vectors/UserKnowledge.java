package org.llm4msr.runtime.knowledge.vectors;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * The users' vectors, possibly in several versions: one for each period of the training part, and
 * one for all rows that are not trained on. A slot is one user in one version, or all users without
 * a vector, who read the same. Safe for several threads unless one of them trains.
 */
public final class UserKnowledge implements SlotVectors {

  private final KnowledgeVectors whole;
  private final @Nullable EarlierKnowledge earlier;
  private final Function<KnowledgeSource, KnowledgeVectors> loader;
  private final int versions;
  private final int stored;
  private final int unknown;

  /** By period; loaded by the first batch that trains. */
  private final List<KnowledgeVectors> byPeriod = new ArrayList<>();

  /**
   * @param loader loads the vectors of a source
   */
  UserKnowledge(
      KnowledgeSource whole,
      @Nullable EarlierKnowledge earlier,
      Function<KnowledgeSource, KnowledgeVectors> loader) {
    this.whole = loader.apply(whole);
    this.stored = whole.dimension();
    this.earlier = earlier;
    this.loader = loader;
    this.versions = earlier == null ? 1 : 1 + earlier.periods().count();
    if ((long) this.whole.size() * versions > Integer.MAX_VALUE) {
      throw new ArithmeticException(
          "%d users in %d versions are too many".formatted(this.whole.size(), versions));
    }
    unknown = (this.whole.size() - 1) * versions;
  }

  @Override
  public int dimension() {
    return whole.dimension();
  }

  /** Returns how many slots there are. */
  int count() {
    return unknown + versions;
  }

  /** Returns how many users have a vector of their own. */
  int knownCount() {
    return whole.knownCount();
  }

  @Override
  public void slots(Batch batch, boolean training, int[] target) {
    if (training && earlier != null && byPeriod.isEmpty()) {
      byPeriod.add(loader.apply(new NoVectors(stored)));
      earlier.users().forEach(source -> byPeriod.add(loader.apply(source)));
    }
    for (int i = 0; i < batch.size; i++) {
      int version = training && earlier != null ? 1 + earlier.periods().of(batch.row[i]) : 0;
      int slot = batch.user[i] * versions + version;
      target[i] = isKnown(slot) ? slot : unknown;
    }
  }

  @Override
  public boolean isKnown(int slot) {
    return version(slot).isKnown(slot / versions);
  }

  private KnowledgeVectors version(int slot) {
    int version = slot % versions;
    return version == 0 ? whole : byPeriod.get(version - 1);
  }

  @Override
  public void copy(int slot, FloatBuffer target, int row) {
    version(slot).copy(slot / versions, target, row);
  }
}

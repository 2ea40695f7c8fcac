package org.llm4msr.runtime.assembly;

import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.assembly.sequences.BatchSequences;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.knowledge.history.HistoryFeatures;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;
import org.llm4msr.runtime.model.ParameterArray;
import org.llm4msr.runtime.tables.EmbeddingGather;

/**
 * The numbers that a pass reads for the rows of a batch, for passes that run outside of the engine.
 * Each method writes from index 0. For one thread at a time.
 */
public final class PassNumbers {

  private final EmbeddingGather gather;
  private final BatchSequences sequences;
  private final @Nullable ColdShares coldShares;
  private final int width;
  private final @Nullable OfLevel users;
  private final @Nullable OfLevel items;
  private final @Nullable HistoryFeatures history;

  PassNumbers(AssembledModel model) {
    gather = new EmbeddingGather(model.tables(), model.workers());
    sequences = model.sequences().batches(model.workers());
    coldShares = model.coldShares();
    width = model.tables().width();
    ModelKnowledge knowledge = model.knowledge();
    KnowledgeParameters learned = model.knowledgeParameters();
    VectorLookup ofUsers = knowledge == null ? null : knowledge.users();
    users = ofUsers == null ? null : new OfLevel(ofUsers, learned.missingUser());
    VectorLookup ofItems = knowledge == null || !model.readsItems() ? null : knowledge.items();
    items = ofItems == null ? null : new OfLevel(ofItems, learned.missingItem());
    ModelHistory events = knowledge == null ? null : knowledge.history();
    history = events == null ? null : new HistoryFeatures(events, model.workers());
  }

  /** Writes the flat input of the rows, (B, width of the tables). */
  public void rows(Batch batch, FloatBuffer target) {
    gather.gather(batch.size, sequences.of(batch, batch), target);
    if (coldShares != null) {
      coldShares.fill(batch, target, width, false, 0);
    }
  }

  /** Writes the knowledge of each row's user, (B, K); nothing where the model reads none. */
  public void users(Batch batch, FloatBuffer target) {
    if (users != null) {
      users.write(batch, target);
    }
  }

  /** Writes the knowledge of each row's item, (B, K); nothing where the model reads none. */
  public void items(Batch batch, FloatBuffer target) {
    if (items != null) {
      items.write(batch, target);
    }
  }

  /** Writes the similarities, (B, n); nothing where the model reads none. */
  public void history(Batch batch, FloatBuffer target) {
    if (history != null) {
      history.fill(batch, target);
    }
  }

  /**
   * The vectors of a level.
   *
   * @param missing (1, K), what is added where a row has none; null where that is not learned
   */
  private record OfLevel(VectorLookup vectors, @Nullable ParameterArray missing) {

    void write(Batch batch, FloatBuffer target) {
      vectors.fill(batch, missing == null ? null : missing.values(), target);
    }
  }
}

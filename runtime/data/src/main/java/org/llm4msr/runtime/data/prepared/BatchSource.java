package org.llm4msr.runtime.data.prepared;

import org.llm4msr.runtime.batch.Batch;

/** Batches one after the other. Used by one thread. */
public interface BatchSource extends AutoCloseable {

  /** Returns an empty batch that fits the source. */
  Batch newBatch();

  /** Fills the batch; returns false where there are no more rows. */
  boolean next(Batch batch);

  @Override
  void close();
}

package org.llm4msr.runtime.tables;

import org.llm4msr.runtime.batch.FieldValues.IdLists;

/** The ids of a sequence of each row, and what its pooling leaves. */
public final class SequenceLists extends IdLists {

  /** What the pooling leaves. */
  public final PooledLists pooled;

  /** Makes room for {@code rows} rows. */
  public SequenceLists(int rows) {
    super(rows);
    pooled = new PooledLists();
  }

  private SequenceLists(SequenceLists other, int[] ids) {
    super(other, ids);
    pooled = other.pooled;
  }

  @Override
  public SequenceLists with(int[] others) {
    return new SequenceLists(this, others);
  }

  @Override
  public SequenceLists like(int rows) {
    return new SequenceLists(rows);
  }
}

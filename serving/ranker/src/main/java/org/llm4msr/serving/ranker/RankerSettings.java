package org.llm4msr.serving.ranker;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;

/**
 * How much memory a ranker may take beside the model, and what counts before its bundle.
 *
 * @param weightBytes of the weights of users that are kept, outside of the heap; 0 for none
 * @param itemBytes of the rows of items that are kept, on the heap; 0 for none
 * @param vectors that count in place of those of the bundle; those of another width do not; null
 *     for none
 */
public record RankerSettings(long weightBytes, long itemBytes, @Nullable FreshVectors vectors) {

  /** A quarter of a gigabyte of each. */
  public static final RankerSettings STANDARD = new RankerSettings(256L << 20, 256L << 20);

  public RankerSettings {
    if (weightBytes < 0 || itemBytes < 0) {
      throw new MsrException(
          ErrorType.USER,
          "rank/SETTINGS",
          "A ranker cannot keep %,d bytes of weights and %,d of items. Give numbers from 0."
              .formatted(weightBytes, itemBytes));
    }
  }

  /** Sets the memory; nothing counts before the bundle. */
  public RankerSettings(long weightBytes, long itemBytes) {
    this(weightBytes, itemBytes, null);
  }

  /** Returns these settings with vectors that count before those of the bundle. */
  public RankerSettings with(FreshVectors fresh) {
    return new RankerSettings(weightBytes, itemBytes, fresh);
  }
}

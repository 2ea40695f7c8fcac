package org.llm4msr.serving.ranker;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * How much memory a ranker may take beside the model.
 *
 * @param weightBytes of the weights of users that are kept, outside of the heap; 0 for none
 * @param itemBytes of the rows of items that are kept, on the heap; 0 for none
 */
public record RankerSettings(long weightBytes, long itemBytes) {

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
}

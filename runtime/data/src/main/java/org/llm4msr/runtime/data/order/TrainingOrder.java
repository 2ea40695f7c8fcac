package org.llm4msr.runtime.data.order;

/**
 * The order of the training rows in one epoch; the same values give the same batches.
 *
 * @param batchSize B; the last batch of an epoch may be shorter
 * @param window rows among which a batch is drawn
 * @param userRows rows of one user that stay together; 1: none
 * @param seed seed of the run
 * @param epoch number of the epoch; each has an order of its own
 * @param skipBatches batches at the beginning that are left out, to resume within an epoch
 */
public record TrainingOrder(
    int batchSize, int window, int userRows, long seed, int epoch, long skipBatches) {

  public TrainingOrder {
    if (batchSize < 1 || window < 1 || userRows < 1 || skipBatches < 0) {
      throw new IllegalArgumentException(
          "batchSize, window and userRows must be at least 1 and skipBatches at least 0");
    }
  }

  /** Makes an order that keeps no rows together. */
  public TrainingOrder(int batchSize, int window, long seed, int epoch, long skipBatches) {
    this(batchSize, window, 1, seed, epoch, skipBatches);
  }
}

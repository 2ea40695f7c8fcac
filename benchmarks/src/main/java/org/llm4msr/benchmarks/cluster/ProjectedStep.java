package org.llm4msr.benchmarks.cluster;

/**
 * A training step of N workers, put together from parts: no cluster was there. A sum of P numbers
 * takes 2 (N - 1) messages of 4 P / N bytes one after another, an exchange of table rows N - 1
 * messages of what one worker touches.
 *
 * @param workers N
 * @param compute seconds of a worker for its B / N rows and the update of what all touch
 * @param denseBytes 4 P
 * @param rowBytes 4 + 4 D for each table row that a worker touches, of all tables
 */
public record ProjectedStep(int workers, double compute, long denseBytes, long rowBytes) {

  /**
   * How fast messages go.
   *
   * @param latency seconds of an empty message
   * @param rate bytes a second
   */
  public record Network(double latency, double rate) {

    private double seconds(double bytes) {
      return latency + bytes / rate;
    }
  }

  /** Returns the bytes that a worker sends. */
  public double bytes() {
    int others = workers - 1;
    return 2.0 * others / workers * denseBytes + (double) others * rowBytes;
  }

  /** Returns the seconds of a step, T(N). */
  public double seconds(Network network) {
    int others = workers - 1;
    return compute
        + 2 * others * network.seconds((double) denseBytes / workers)
        + others * network.seconds((double) rowBytes);
  }
}

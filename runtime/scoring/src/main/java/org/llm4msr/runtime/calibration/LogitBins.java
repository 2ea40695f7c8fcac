package org.llm4msr.runtime.calibration;

import java.util.Collection;
import java.util.TreeMap;

/**
 * Rows by logit, in bins of width 1/64: as much memory for any number of rows. A bin stands for its
 * rows with their mean, which moves a fitted slope by about 1e-5.
 */
final class LogitBins {

  private static final int BINS_PER_UNIT = 64;

  /** Beyond it a probability differs from 0 or 1 by less than 1e-13. */
  private static final float LARGEST = 32;

  private final TreeMap<Integer, Bin> bins = new TreeMap<>();

  /** Rows of one bin. */
  static final class Bin {
    private double logits;
    private long rows;
    private long positives;

    double logit() {
      return logits / rows;
    }

    long rows() {
      return rows;
    }

    long positives() {
      return positives;
    }
  }

  void add(float logit, boolean positive) {
    float within = Math.max(-LARGEST, Math.min(LARGEST, logit));
    Bin bin = bins.computeIfAbsent((int) Math.floor(within * BINS_PER_UNIT), number -> new Bin());
    bin.logits += within;
    bin.rows++;
    if (positive) {
      bin.positives++;
    }
  }

  void addAll(LogitBins other) {
    other.bins.forEach(
        (number, more) -> {
          Bin bin = bins.computeIfAbsent(number, n -> new Bin());
          bin.logits += more.logits;
          bin.rows += more.rows;
          bin.positives += more.positives;
        });
  }

  /** Returns the bins that have rows, by rising logit. */
  Collection<Bin> bins() {
    return bins.values();
  }

  long rows() {
    return bins.values().stream().mapToLong(Bin::rows).sum();
  }

  long positives() {
    return bins.values().stream().mapToLong(Bin::positives).sum();
  }
}

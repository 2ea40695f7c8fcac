package org.llm4msr.runtime.knowledge.extraction;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks for vectors that tell nothing of their prompts: zeros, and a level whose are all equal. */
final class UselessVectors {

  private static final Logger LOG = LoggerFactory.getLogger(UselessVectors.class);

  private final Map<Level, First> firsts = new EnumMap<>(Level.class);
  private long zeros;
  private @Nullable String firstZero;

  /** The first vector of a level, and what the others are to it. */
  private static final class First {
    private final String text;
    private final float[] vector;
    private boolean otherText;
    private boolean otherVector;

    First(String text, float[] vector) {
      this.text = text;
      this.vector = vector.clone();
    }

    void compare(String text, float[] vector) {
      otherText |= !text.equals(this.text);
      otherVector = otherVector || !Arrays.equals(vector, this.vector);
    }

    boolean isForAll() {
      return otherText && !otherVector && !isZero(vector);
    }
  }

  /**
   * Adds a vector.
   *
   * @param name whose it is
   * @param text the prompt
   */
  void add(Level level, String name, String text, float[] vector) {
    if (isZero(vector)) {
      zeros++;
      firstZero = firstZero == null ? name : firstZero;
    }
    firsts.computeIfAbsent(level, none -> new First(text, vector)).compare(text, vector);
  }

  private static boolean isZero(float[] vector) {
    for (float number : vector) {
      if (number != 0) {
        return false;
      }
    }
    return true;
  }

  /** Warns of what was found. */
  void warn(String model) {
    if (zeros > 0) {
      LOG.warn(
          "{} prompts got a vector of zeros from {}, which tells nothing of them; the first is that"
              + " of {}. Look at it with --dry-run.",
          zeros,
          model,
          firstZero);
    }
    firsts.forEach(
        (level, first) -> {
          if (first.isForAll()) {
            LOG.warn(
                "All prompts of {}s got the same vector from {}, though they differ: it tells"
                    + " nothing of them. Look at them with --dry-run, and at what the encoder"
                    + " makes of them.",
                level.name().toLowerCase(Locale.ROOT),
                model);
          }
        });
  }
}

package org.llm4msr.runtime.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.BatchShare;
import org.llm4msr.runtime.model.TestEngine;
import org.llm4msr.runtime.tables.Workers;

/** Expected masks: {@code src/test/python/dropout_masks.py}. */
@Tag("engine")
class DropoutMasksTest {

  private final NDManager manager = TestEngine.manager();

  @AfterEach
  void close() {
    manager.close();
  }

  private float[] draw(DropoutMasks masks, long step, int number, int count, double rate) {
    return masks.mask(manager, step, number, new Shape(count), rate).toFloatArray();
  }

  private static String pattern(float[] mask) {
    StringBuilder kept = new StringBuilder();
    for (float value : mask) {
      kept.append(value == 0 ? '0' : '1');
    }
    return kept.toString();
  }

  @Test
  void everyEngineDrawsTheSameFromSeedStepAndNumber() {
    DropoutMasks masks = new DropoutMasks(5);

    assertThat(pattern(draw(masks, 3, 0, 31, 0.5))).isEqualTo("1111111101100100110101001010111");
    assertThat(pattern(draw(masks, 3, 1, 31, 0.5))).isEqualTo("1001100011000001101010100001101");
    assertThat(pattern(draw(masks, 4, 0, 31, 0.25))).isEqualTo("1110101110111111011010101111010");
  }

  @Test
  void threadsDoNotMatter() {
    float[] alone = draw(new DropoutMasks(7), 1, 0, 200_001, 0.3);
    try (Workers workers = new Workers(3)) {
      assertThat(draw(new DropoutMasks(7, workers), 1, 0, 200_001, 0.3)).isEqualTo(alone);
    }
  }

  /** Five columns: shares begin in the middle of a pair, too. */
  @Test
  void aShareHasItsRowsOfTheWholeMask() {
    float[] whole = new DropoutMasks(7).mask(manager, 2, 0, new Shape(10, 5), 0.3).toFloatArray();
    DropoutMasks masks = new DropoutMasks(7);
    for (int before = 0; before < 7; before++) {
      BatchShare share = new BatchShare(null, before, 3);

      float[] own = masks.mask(manager, 2, 0, new Shape(3, 5), 0.3, share).toFloatArray();

      assertThat(own).isEqualTo(Arrays.copyOfRange(whole, before * 5, before * 5 + 15));
    }
    BatchShare share = new BatchShare(null, 4, 3);
    float[] ofNoRows = masks.mask(manager, 2, 0, new Shape(2, 5), 0.3, share).toFloatArray();
    assertThat(ofNoRows).isNotEqualTo(Arrays.copyOf(whole, 10));
  }

  /** A binomial share: 4 standard deviations of 1,000,000 draws are .0016 to .0020. */
  @Test
  void shareOfZerosIsTheRateAndMasksAreIndependent() {
    DropoutMasks masks = new DropoutMasks(0);
    float[] first = draw(masks, 0, 0, 1_000_000, 0.2);
    float[] other = draw(masks, 0, 1, 1_000_000, 0.2);

    double zeros = 0;
    double both = 0;
    for (int i = 0; i < first.length; i++) {
      assertThat(first[i]).isIn(0f, 1.25f);
      zeros += first[i] == 0 ? 1 : 0;
      both += first[i] == 0 && other[i] == 0 ? 1 : 0;
    }
    assertThat(zeros / first.length).isCloseTo(0.2, within(0.0016));
    assertThat(both / first.length).isCloseTo(0.04, within(0.0008));
  }
}

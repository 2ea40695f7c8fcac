package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.knowledge.history.Whitening;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

class KnowledgeVectorsTest {

  private static final int DIMENSION = 1 << 16;

  /** Holds nothing. */
  private static final class Empty implements KnowledgeSource, KnowledgeTransform {
    @Override
    public int dimension() {
      return DIMENSION;
    }

    @Override
    public boolean read(String key, float[] target) {
      return false;
    }

    @Override
    public float[] deviations() {
      return new float[DIMENSION];
    }

    @Override
    public float[] apply(float[] vector) {
      return vector;
    }
  }

  /** With 32,767 keys and the one for unknown ones, there are exactly 2^31 numbers. */
  @Test
  void directionsThatNoArrayHoldsAreRefused() {
    List<String> keys = Collections.nCopies(32_767, "item");
    KnowledgeVectors vectors =
        KnowledgeVectors.load(new Empty(), keys, new Empty(), new float[DIMENSION]);

    assertThatThrownBy(() -> vectors.units(Whitening.of(new float[DIMENSION], 0)))
        .hasMessageContaining("[knowledge/HISTORY_SIZE]")
        .hasMessageContaining("32,768 vectors of 65,536 numbers each")
        .hasMessageContaining("knowledge.components");
  }
}

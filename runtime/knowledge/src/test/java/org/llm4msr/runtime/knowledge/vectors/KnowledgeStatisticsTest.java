package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

class KnowledgeStatisticsTest {

  private static final Offset<Float> CLOSE = within(1e-5f);

  private static final KnowledgeSource SOURCE =
      source(
          Map.of(
              "a", new float[] {1, 1000, 5},
              "b", new float[] {3, 1400, 5},
              "test-only", new float[] {9, 9, 9},
              "s0", new float[] {11, 1000, 5},
              "s1", new float[] {13, 1000, 7}));

  @Test
  void standardisesOnTheGivenKeysOnly() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(SOURCE, List.of("a", "unknown", "b"));

    assertThat(statistics.mean()).containsExactly(new float[] {2, 1200, 5}, CLOSE);
    assertThat(statistics.deviation()).containsExactly(new float[] {1, 200, 0}, CLOSE);
  }

  @Test
  void missingUsersAreTheMeanOrTheZeroVector() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(SOURCE, List.of("a", "b"));
    List<String> keys = List.of("b", "unknown");
    VectorLookup mean = lookup(keys, statistics, Missing.MEAN);
    VectorLookup zero = lookup(keys, statistics, Missing.ZERO);

    assertThat(vector(mean, 0)).containsExactly(new float[] {1, 1, 0}, CLOSE);
    assertThat(vector(mean, 1)).containsExactly(0, 0, 0);
    assertThat(vector(zero, 1)).containsExactly(new float[] {-2, -6, 0}, CLOSE);
    assertThat(mean.isKnown(0)).isTrue();
    assertThat(mean.isKnown(1)).isFalse();
  }

  @Test
  void scenariosDifferByTheirOwnMeanInUnitsOfTheUsersSpread() {
    KnowledgeStatistics users = KnowledgeStatistics.over(SOURCE, List.of("a", "b"));
    List<String> keys = List.of("s0", "s1");
    KnowledgeStatistics statistics = KnowledgeStatistics.forScenarios(SOURCE, keys, users);
    VectorLookup vectors = lookup(keys, statistics, Missing.MEAN);

    // Differences of the mean: (-1, 0, -1) and (1, 0, 1); the users do not vary in the third
    // dimension; root mean square of (-1, 0, 0) and (1, 0, 0) is sqrt(1/3).
    float root3 = (float) Math.sqrt(3);
    assertThat(vector(vectors, 0)).containsExactly(new float[] {-root3, 0, 0}, CLOSE);
    assertThat(vector(vectors, 1)).containsExactly(new float[] {root3, 0, 0}, CLOSE);
  }

  private static VectorLookup lookup(
      List<String> keys, KnowledgeStatistics statistics, Missing missing) {
    return new VectorLookup(Level.USER, SOURCE, keys, statistics, missing, null);
  }

  private static float[] vector(VectorLookup vectors, int index) {
    FloatBuffer target = FloatBuffer.allocate(3);
    vectors.copy(new Batch(0, List.of()), index, target, 0);
    return target.array();
  }

  private static KnowledgeSource source(Map<String, float[]> vectors) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return 3;
      }

      @Override
      public boolean read(String key, float[] target) {
        float[] found = vectors.get(key);
        if (found != null) {
          System.arraycopy(found, 0, target, 0, 3);
        }
        return found != null;
      }
    };
  }
}

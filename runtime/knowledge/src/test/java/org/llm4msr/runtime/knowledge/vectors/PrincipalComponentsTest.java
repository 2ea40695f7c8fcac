package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** Components against the singular vectors that another library finds of the whole matrix. */
class PrincipalComponentsTest {

  private static final int DIMENSION = 40;
  private static final int USERS = 300;
  private static final int COUNT = 5;

  private final List<float[]> vectors = new ArrayList<>();
  private final List<String> keys = new ArrayList<>();
  private final Map<String, Integer> indices = new HashMap<>();

  /** Six directions of falling strength in noise. */
  PrincipalComponentsTest() {
    Random random = new Random(5);
    double[][] directions = new double[6][DIMENSION];
    for (double[] direction : directions) {
      for (int d = 0; d < DIMENSION; d++) {
        direction[d] = random.nextGaussian();
      }
    }
    for (int user = 0; user < USERS; user++) {
      float[] vector = new float[DIMENSION];
      for (int k = 0; k < directions.length; k++) {
        double share = random.nextGaussian() * (6 - k);
        for (int d = 0; d < DIMENSION; d++) {
          vector[d] += (float) (share * directions[k][d] + 0.1 * random.nextGaussian());
        }
      }
      vectors.add(vector);
      keys.add("u" + user);
      indices.put("u" + user, user);
    }
  }

  private final KnowledgeSource source =
      new KnowledgeSource() {
        @Override
        public int dimension() {
          return DIMENSION;
        }

        @Override
        public boolean read(String key, float[] target) {
          Integer user = indices.get(key);
          if (user != null) {
            System.arraycopy(vectors.get(user), 0, target, 0, DIMENSION);
          }
          return user != null;
        }
      };

  @Test
  void areTheSingularVectorsOfTheStandardisedMatrix() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(source, keys);
    double[][] matrix = new double[USERS][DIMENSION];
    for (int user = 0; user < USERS; user++) {
      float[] vector = statistics.apply(vectors.get(user).clone());
      for (int d = 0; d < DIMENSION; d++) {
        matrix[user][d] = vector[d];
      }
    }
    var expected = new SingularValueDecomposition(new Array2DRowRealMatrix(matrix)).getVT();

    PrincipalComponents found = PrincipalComponents.of(Level.USER, source, keys, statistics, COUNT);

    for (int k = 0; k < COUNT; k++) {
      double cosine = 0;
      float largest = 0;
      for (int d = 0; d < DIMENSION; d++) {
        float element = found.directions()[k][d];
        cosine += element * expected.getEntry(k, d);
        largest = Math.abs(element) > Math.abs(largest) ? element : largest;
      }
      assertThat(Math.abs(cosine)).as("component %d", k).isCloseTo(1, within(1e-5));
      assertThat(largest).isPositive();
    }
  }

  @Test
  void coordinatesAreThoseAlongTheDirections() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(source, keys);
    PrincipalComponents components =
        PrincipalComponents.of(Level.USER, source, keys, statistics, COUNT);
    float[] sum = new float[DIMENSION];
    for (int k = 0; k < COUNT; k++) {
      for (int d = 0; d < DIMENSION; d++) {
        sum[d] += (k + 2) * components.directions()[k][d];
      }
    }

    assertThat(components.project(sum)).containsExactly(new float[] {2, 3, 4, 5, 6}, within(1e-5f));
  }

  @Test
  void reducedVectorsHaveMeanSquareOne() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(source, keys);
    PrincipalComponents components =
        PrincipalComponents.of(Level.USER, source, keys, statistics, COUNT);
    ReducedKnowledge reduced = ReducedKnowledge.of(statistics, components, source, keys);

    double[] squares = new double[COUNT];
    for (float[] vector : vectors) {
      float[] coordinates = reduced.apply(vector.clone());
      Arrays.setAll(squares, k -> squares[k] + coordinates[k] * coordinates[k]);
    }
    assertThat(Arrays.stream(squares).sum() / (USERS * COUNT)).isCloseTo(1, within(1e-4));
    for (int k = 0; k < COUNT; k++) {
      assertThat((double) reduced.deviations()[k])
          .isCloseTo(Math.sqrt(squares[k] / USERS), within(1e-5));
    }
    assertThat(reduced.dimension()).isEqualTo(COUNT);
  }

  @Test
  void usersWithoutAVectorTakeNoPlaceInTheSample() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(source, keys);
    List<String> many = new ArrayList<>();
    for (int user = 0; user < 100 * 10_000; user++) {
      many.add(user % 3_000 == 1 && user / 3_000 < USERS ? keys.get(user / 3_000) : "none");
    }

    assertThat(PrincipalComponents.of(Level.USER, source, many, statistics, COUNT).directions())
        .isDeepEqualTo(
            PrincipalComponents.of(Level.USER, source, keys, statistics, COUNT).directions());
    assertThatThrownBy(
            () -> PrincipalComponents.of(Level.USER, source, keys.subList(0, 4), statistics, COUNT))
        .hasMessageContaining("knowledge.components is 5, but 4 training users have a vector");
    assertThatThrownBy(
            () -> PrincipalComponents.of(Level.ITEM, source, keys.subList(0, 4), statistics, COUNT))
        .hasMessageContaining("knowledge.components is 5, but 4 training items have a vector");
  }

  /** Of 60,000 every fourth is taken, and so of each user as many. */
  @Test
  void manyUsersAreSampledEvenly() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(source, keys);
    List<String> many = new ArrayList<>();
    for (String key : keys) {
      many.addAll(Collections.nCopies(200, key));
    }

    PrincipalComponents sampled =
        PrincipalComponents.of(Level.USER, source, many, statistics, COUNT);

    float[][] expected =
        PrincipalComponents.of(Level.USER, source, keys, statistics, COUNT).directions();
    for (int k = 0; k < COUNT; k++) {
      assertThat(sampled.directions()[k]).containsExactly(expected[k], within(1e-4f));
    }
  }

  @Test
  void moreThanThereAreDimensionsIsRefused() {
    KnowledgeStatistics statistics = KnowledgeStatistics.over(source, keys);

    assertThatThrownBy(() -> PrincipalComponents.of(Level.USER, source, keys, statistics, 41))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("knowledge.components is 41")
        .hasMessageContaining("40 dimensions");
  }
}

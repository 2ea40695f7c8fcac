package org.llm4msr.serving.ranker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** The order of items by their probabilities. */
class RankResultTest {

  private static RankResult result(float... probabilities) {
    RankResult result = new RankResult(probabilities.length);
    for (int item = 0; item < probabilities.length; item++) {
      result.scored(item, probabilities[item], item % 2 == 0);
    }
    return result;
  }

  @Test
  void theHighestComesFirstAndOfEqualOnesTheFirst() {
    RankResult result = result(0.25f, 0.5f, 0, 0.5f, 1, 1e-38f);

    assertThat(result.best(6)).containsExactly(4, 1, 3, 0, 5, 2);
    assertThat(result.best(2)).containsExactly(4, 1);
    assertThat(result.best(9)).hasSize(6);
    assertThat(result.best(0)).isEmpty();
  }

  @Test
  void anItemWithAnErrorHasNoPlace() {
    MsrException error = new MsrException(ErrorType.DATA, "data/BAD_VALUE", "It is bad.");
    RankResult result = new RankResult(3);
    result.scored(0, 0.25f, true);
    result.malformed(1, error);
    result.scored(2, 0.75f, false);

    assertThat(result.best(3)).containsExactly(2, 0);
    assertThat(result.probability(1)).isNaN();
    assertThat(result.error(1)).isSameAs(error);
    assertThat(result.error(0)).isNull();
    assertThat(result.count(ItemStatus.SCORED)).isEqualTo(1);
    assertThat(result.count(ItemStatus.UNKNOWN)).isEqualTo(1);
    assertThat(result.count(ItemStatus.MALFORMED)).isEqualTo(1);
  }
}

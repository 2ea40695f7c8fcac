package org.llm4msr.serving.ranker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** Who uses the memory of a user's weights. */
class UserWeightsTest {

  private final Queue<UserMemory> free = new ArrayDeque<>();
  private final UserMemory memory = new UserMemory(Map.of());
  private final UserWeights weights = new UserWeights(memory, free);

  @Test
  void theMemoryIsFreeWhenTheLastUseEnds() {
    assertThat(weights.acquire()).isTrue();
    weights.release();
    assertThat(free).isEmpty();
    weights.release();
    assertThat(free).containsExactly(memory);
  }

  @Test
  void whatIsGoneStaysGoneWhenItsMemoryIsUsedAgain() {
    weights.release();
    UserWeights next = new UserWeights(free.remove(), free);

    assertThat(weights.acquire()).isFalse();
    assertThat(next.acquire()).isTrue();
  }
}

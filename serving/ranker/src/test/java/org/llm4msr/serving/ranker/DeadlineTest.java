package org.llm4msr.serving.ranker;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineTest {

  private static final RankRequest REQUEST =
      new RankRequest("u", "feed", List.of(new RankItem("a"), new RankItem("b")));

  private final AtomicLong now = new AtomicLong();
  private final Deadline deadline = new Deadline(now::get);

  /** Also where the ticker runs over. */
  @ParameterizedTest
  @ValueSource(longs = {0, -7_000_000, Long.MAX_VALUE - 5})
  void aRequestEndsANanosecondAfterItsTime(long began) {
    now.set(began);
    RankRequest request = REQUEST.within(Duration.ofMillis(40), now::get);

    assertThatCode(() -> deadline.require(request)).doesNotThrowAnyException();
    now.addAndGet(40_000_000);
    assertThatCode(() -> deadline.require(request)).doesNotThrowAnyException();
    now.addAndGet(1);
    assertThatThrownBy(() -> deadline.require(request))
        .hasMessage(
            "[rank/DEADLINE] The deadline of the request has passed: 2 items for one user."
                + " Send fewer items, or allow more time.");
  }

  @Test
  void aRequestWithoutADeadlineHasAllTime() {
    now.set(Long.MAX_VALUE);

    assertThatCode(() -> deadline.require(REQUEST)).doesNotThrowAnyException();
  }
}

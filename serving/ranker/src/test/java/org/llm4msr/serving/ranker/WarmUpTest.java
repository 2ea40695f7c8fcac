package org.llm4msr.serving.ranker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** Each request takes 40 ms; what the model cannot rank is of the scenario "other". */
class WarmUpTest {

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final List<Object> users = new ArrayList<>();

  private static RankRequest of(String user, String scenario) {
    return new RankRequest(user, scenario, List.of(new RankItem("a")));
  }

  private static RankRequest drawn(int number) {
    return of("drawn" + number, "feed");
  }

  private void score(RankRequest request, RankResult result) {
    assertThat(result.size()).isEqualTo(request.items().size());
    users.add(request.user());
    now.addAndGet(Duration.ofMillis(40).toNanos());
    if (request.scenario().equals("other")) {
      throw new MsrException(ErrorType.DATA, "data/UNKNOWN_SCENARIO", "There is no 'other'.");
    }
  }

  private int run(long millis, RankRequest... given) {
    return new WarmUp(List.of(given), WarmUpTest::drawn, now::get)
        .run(this::score, Duration.ofMillis(millis));
  }

  @Test
  void givenRequestsTakeTurnsUntilTheTimeIsOver() {
    assertThat(run(100, of("one", "feed"), of("two", "feed"))).isEqualTo(3);
    assertThat(users).containsExactly("one", "two", "one");
  }

  @Test
  void noneBeginsWhenTheTimeIsOverToTheNanosecond() {
    assertThat(run(80, of("one", "feed"))).isEqualTo(2);
  }

  @Test
  void drawnOnesTakeTheirPlaceWhereThereAreNone() {
    assertThat(run(81)).isEqualTo(3);
    assertThat(users).containsExactly("drawn0", "drawn1", "drawn2");
  }

  @Test
  void atLeastOneIsScored() {
    assertThat(run(0)).isEqualTo(1);
  }

  @Test
  void aGivenRequestThatCannotBeRankedIsLeftOut() {
    assertThat(run(80, of("one", "other"), of("two", "feed"))).isEqualTo(2);
    assertThat(users).containsExactly("one", "two");
  }

  @Test
  void aDrawnRequestThatCannotBeRankedIsAnError() {
    WarmUp warmUp = new WarmUp(List.of(), number -> of("drawn", "other"), now::get);

    assertThatThrownBy(() -> warmUp.run(this::score, Duration.ofMillis(80)))
        .hasMessageContaining("[data/UNKNOWN_SCENARIO]");
  }
}

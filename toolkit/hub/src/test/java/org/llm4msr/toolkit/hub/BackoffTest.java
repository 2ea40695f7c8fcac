package org.llm4msr.toolkit.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class BackoffTest {

  @Test
  void readsBothFormsOfRetryAfter() {
    assertThat(Backoff.requestedPause("120")).isEqualTo(Duration.ofMinutes(2));
    assertThat(Backoff.requestedPause("Fri, 31 Dec 1999 23:59:59 GMT")).isZero();
    assertThat(Backoff.requestedPause("Tue, 31 Dec 2199 23:59:59 GMT"))
        .isGreaterThan(Duration.ofDays(300));
    assertThat(Backoff.requestedPause("soon")).isZero();
  }

  @Test
  void pausesGrowToHalfAMinute() {
    Backoff backoff = new Backoff(20);
    long before = 0;
    for (int i = 0; i < 20; i++) {
      assertThat(backoff.again(null)).isTrue();
      long most = Math.min(30_000, 250L << i);
      assertThat(backoff.pause().toMillis()).isBetween(most / 2, most);
      before = backoff.pause().toMillis();
    }
    assertThat(before).isGreaterThanOrEqualTo(15_000);
    assertThat(backoff.again(null)).isFalse();
  }

  @Test
  void aServiceThatAsksForMoreThanTenMinutesIsNotAskedAgain() {
    Backoff backoff = new Backoff(3);

    assertThat(backoff.again("9")).isTrue();
    assertThat(backoff.level()).isEqualTo(Level.INFO);
    assertThat(backoff.again("600")).isTrue();
    assertThat(backoff.pause()).isEqualTo(Duration.ofMinutes(10));
    assertThat(backoff.level()).isEqualTo(Level.WARN);
    assertThat(backoff.again("601")).isFalse();
  }
}

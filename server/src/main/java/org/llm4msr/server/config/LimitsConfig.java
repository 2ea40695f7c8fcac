package org.llm4msr.server.config;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.PositiveOrZero;
import java.time.Duration;
import org.llm4msr.api.Setting;

/** What a server refuses before work is done for it. */
public record LimitsConfig(
    @Setting(value = "Bytes of a request", defaultValue = "4194304") @Min(1024) @Max(1 << 30)
        int body,
    @Setting(value = "Items of a request", defaultValue = "10000") @Min(1) @Max(1_000_000)
        int items,
    @Setting(value = "Requests that wait for a thread; more are refused", defaultValue = "64")
        @PositiveOrZero
        @Max(1_000_000)
        int queue,
    @Setting(
            value =
                "Requests of one token, or of one address where there are no tokens, at once; 0: any"
                    + " number",
            defaultValue = "0")
        @PositiveOrZero
        int perClient,
    @Setting(value = "Calls of Arrow Flight at once; more are refused", defaultValue = "16")
        @Min(1)
        @Max(10_000)
        int flights,
    @Setting(
            value =
                "Seconds after which a connection or a call of Arrow Flight ends that brings nothing",
            defaultValue = "60")
        @Min(1)
        @Max(86_400)
        long idleSeconds,
    @Setting(value = "Connections", defaultValue = "10000") @Min(1) int connections,
    @Setting(
            value = "Milliseconds from a request to its answer, where the request allows no less",
            defaultValue = "1000")
        @Min(1)
        @Max(600_000)
        long timeoutMillis) {

  /** Returns for how long a client may bring nothing. */
  public Duration idle() {
    return Duration.ofSeconds(idleSeconds);
  }

  /** Returns the time from a request to its answer. */
  public Duration timeout() {
    return Duration.ofMillis(timeoutMillis);
  }
}

package org.llm4msr.server.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.runtime.config.PluginChoice;

/** Values of users and items that are fetched when a request comes. */
public record FeaturesConfig(
    @Setting("Feature source; without one, the bundles alone are read") @Valid
        @Nullable PluginChoice<FeatureSourceFactory<Record>, Record> source,
    @Setting(
            value = "Milliseconds that a request waits for values; then its bundle is read",
            defaultValue = "2",
            operational = true)
        @Min(1)
        @Max(10_000)
        long timeoutMillis,
    @Setting(
            value =
                "Milliseconds in which the source is not asked after half of the last requests to it"
                    + " failed",
            defaultValue = "1000",
            operational = true)
        @Min(1)
        @Max(600_000)
        long pauseMillis) {

  /** Returns how long a request waits. */
  public Duration timeout() {
    return Duration.ofMillis(timeoutMillis);
  }

  /** Returns how long the source is not asked after it failed. */
  public Duration pause() {
    return Duration.ofMillis(pauseMillis);
  }
}

package org.llm4msr.server.config;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.PositiveOrZero;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** A model of a server. */
public record ModelEntry(
    @Setting("The folder of its bundle, which stays as long as the server runs")
        @Nullable Path bundle,
    @Setting(
            "A folder of bundles, in place of one: the newest by name is served, also one that comes"
                + " later; a file PINNED in it names another one")
        @Nullable Path versions,
    @Setting(
            value = "Its share of the users of requests that name no model, beside those of others",
            defaultValue = "1")
        @PositiveOrZero
        double weight,
    @Setting(
            value =
                "The share of the requests to other models that it ranks too, unseen; with one, it has"
                    + " no users of its own",
            defaultValue = "0")
        @PositiveOrZero
        @DecimalMax("1")
        double shadow) {

  @AssertTrue(message = "must have either bundle or versions")
  boolean isFound() {
    return (bundle == null) != (versions == null);
  }
}

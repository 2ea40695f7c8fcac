package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Level;

/** The meta networks of the levels; a level that the head does not read gets none. */
public record MetaNetworksConfig(
    @Setting(value = "User level", defaultValue = "{name: mlp}") @Valid MetaNetworkConfig user,
    @Setting(value = "Scenario level", defaultValue = "{name: mlp}") @Valid
        MetaNetworkConfig scenario,
    @Setting("Item level, for heads that have one; by default as the user level") @Valid
        @Nullable MetaNetworkConfig item) {

  /** Returns the one of a level. */
  public MetaNetworkConfig of(Level level) {
    return switch (level) {
      case USER -> user;
      case SCENARIO -> scenario;
      case ITEM -> item == null ? user : item;
    };
  }
}

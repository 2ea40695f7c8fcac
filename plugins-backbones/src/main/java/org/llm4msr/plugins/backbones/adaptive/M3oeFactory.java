package org.llm4msr.plugins.backbones.adaptive;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link M3oe} backbones. */
@Plugin(
    name = "m3oe",
    description =
        "A star layer, then shared experts and those of all scenarios, in learned balance",
    source = "Zhang et al., SIGIR 2024")
public final class M3oeFactory implements BackboneFactory<M3oeConfig> {

  @Override
  public Class<M3oeConfig> configType() {
    return M3oeConfig.class;
  }

  @Override
  public Backbone create(M3oeConfig config, ModelContext context) {
    return new M3oe(config, context);
  }

  @Override
  public boolean hasHidden(M3oeConfig config) {
    return true;
  }
}

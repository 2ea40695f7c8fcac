package org.llm4msr.plugins.backbones.experts;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link Mmoe} backbones with one gate for all scenarios. */
@Plugin(
    name = "omoe",
    description = "Experts that all scenarios share, one gate for all, one tower per scenario",
    source = "Jacobs et al., Neural Computation 1991; Ma et al., KDD 2018")
public final class OmoeFactory implements BackboneFactory<MmoeConfig> {

  @Override
  public Class<MmoeConfig> configType() {
    return MmoeConfig.class;
  }

  @Override
  public Backbone create(MmoeConfig config, ModelContext context) {
    return Mmoe.oneGate(config, context);
  }

  @Override
  public boolean hasHidden(MmoeConfig config) {
    return true;
  }
}

package org.llm4msr.plugins.backbones.experts;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link Mmoe} backbones. */
@Plugin(
    name = "mmoe",
    description = "Experts that all scenarios share, one gate and one tower per scenario",
    source = "Ma et al., KDD 2018")
public final class MmoeFactory implements BackboneFactory<MmoeConfig> {

  @Override
  public Class<MmoeConfig> configType() {
    return MmoeConfig.class;
  }

  @Override
  public Backbone create(MmoeConfig config, ModelContext context) {
    return Mmoe.gateEach(config, context);
  }

  @Override
  public boolean hasHidden(MmoeConfig config) {
    return true;
  }
}

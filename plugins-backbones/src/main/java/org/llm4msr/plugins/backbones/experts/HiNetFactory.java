package org.llm4msr.plugins.backbones.experts;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link HiNet} backbones. */
@Plugin(
    name = "hinet",
    description = "Shared experts, those of the scenario, and by attention those of all others",
    source = "Zhou et al., ICDE 2023")
public final class HiNetFactory implements BackboneFactory<HiNetConfig> {

  @Override
  public Class<HiNetConfig> configType() {
    return HiNetConfig.class;
  }

  @Override
  public Backbone create(HiNetConfig config, ModelContext context) {
    return new HiNet(config, context);
  }

  @Override
  public boolean hasHidden(HiNetConfig config) {
    return true;
  }

  @Override
  public Set<ModelInput> inputs(HiNetConfig config) {
    return Set.of(ModelInput.SCENARIO_EMBEDDING);
  }
}

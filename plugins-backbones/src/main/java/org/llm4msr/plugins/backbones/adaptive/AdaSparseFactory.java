package org.llm4msr.plugins.backbones.adaptive;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link AdaSparse} backbones. */
@Plugin(
    name = "adasparse",
    description = "Networks of scenario and input scale and prune the neurons of each layer",
    source = "Yang et al., CIKM 2022")
public final class AdaSparseFactory implements BackboneFactory<AdaSparseConfig> {

  @Override
  public Class<AdaSparseConfig> configType() {
    return AdaSparseConfig.class;
  }

  @Override
  public Backbone create(AdaSparseConfig config, ModelContext context) {
    return new AdaSparse(config, context);
  }

  @Override
  public boolean hasHidden(AdaSparseConfig config) {
    return true;
  }

  @Override
  public Set<ModelInput> inputs(AdaSparseConfig config) {
    return Set.of(ModelInput.SCENARIO_EMBEDDING);
  }
}

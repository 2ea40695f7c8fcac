package org.llm4msr.plugins.backbones.experts;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link M2m} backbones. */
@Plugin(
    name = "m2m",
    description = "The scenario generates the attention over experts and the layers of the tower",
    source = "Zhang et al., WSDM 2022")
public final class M2mFactory implements BackboneFactory<M2mConfig> {

  @Override
  public Class<M2mConfig> configType() {
    return M2mConfig.class;
  }

  @Override
  public Backbone create(M2mConfig config, ModelContext context) {
    return new M2m(config, context);
  }

  @Override
  public boolean hasHidden(M2mConfig config) {
    return true;
  }

  @Override
  public Set<ModelInput> inputs(M2mConfig config) {
    return Set.of(ModelInput.SCENARIO_EMBEDDING, ModelInput.SEQUENCES);
  }
}

package org.llm4msr.plugins.backbones.adaptive;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link Star} backbones. */
@Plugin(
    name = "star",
    description = "Layers whose weights are shared ones times those of the scenario",
    source = "Sheng et al., CIKM 2021")
public final class StarFactory implements BackboneFactory<StarConfig> {

  @Override
  public Class<StarConfig> configType() {
    return StarConfig.class;
  }

  @Override
  public Backbone create(StarConfig config, ModelContext context) {
    return new Star(config, context);
  }

  @Override
  public boolean hasHidden(StarConfig config) {
    return true;
  }

  @Override
  public Set<ModelInput> inputs(StarConfig config) {
    return Set.of(ModelInput.SCENARIO_EMBEDDING);
  }
}

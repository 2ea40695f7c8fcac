package org.llm4msr.plugins.backbones.experts;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link SarNet} backbones. */
@Plugin(
    name = "sar-net",
    description =
        "The input is scaled and shifted by scenario, then shared and specific experts on"
            + " normalised input",
    source = "Shen et al., CIKM 2021")
public final class SarNetFactory implements BackboneFactory<SarNetConfig> {

  @Override
  public Class<SarNetConfig> configType() {
    return SarNetConfig.class;
  }

  @Override
  public Backbone create(SarNetConfig config, ModelContext context) {
    return new SarNet(config, context);
  }

  @Override
  public boolean hasHidden(SarNetConfig config) {
    return true;
  }

  @Override
  public Set<ModelInput> inputs(SarNetConfig config) {
    return Set.of(ModelInput.SEQUENCES);
  }
}

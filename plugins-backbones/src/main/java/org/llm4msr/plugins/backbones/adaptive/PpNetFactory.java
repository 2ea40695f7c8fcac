package org.llm4msr.plugins.backbones.adaptive;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link PpNet} backbones. */
@Plugin(
    name = "ppnet",
    description = "Gates of user, item and author scale the neurons of each tower",
    source = "Chang et al., PEPNet, KDD 2023")
public final class PpNetFactory implements BackboneFactory<PpNetConfig> {

  @Override
  public Class<PpNetConfig> configType() {
    return PpNetConfig.class;
  }

  @Override
  public Backbone create(PpNetConfig config, ModelContext context) {
    return new PpNet(config, context);
  }

  @Override
  public boolean hasHidden(PpNetConfig config) {
    return true;
  }
}

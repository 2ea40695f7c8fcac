package org.llm4msr.plugins.backbones.adaptive;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link AdaptDhm} backbones. */
@Plugin(
    name = "adaptdhm",
    description =
        "Rows are routed to clusters that training finds; a cluster has weights of its own",
    source = "Li et al., 2022, arXiv 2211.12105")
public final class AdaptDhmFactory implements BackboneFactory<AdaptDhmConfig> {

  @Override
  public Class<AdaptDhmConfig> configType() {
    return AdaptDhmConfig.class;
  }

  @Override
  public Backbone create(AdaptDhmConfig config, ModelContext context) {
    return new AdaptDhm(config, context);
  }

  @Override
  public boolean hasHidden(AdaptDhmConfig config) {
    return true;
  }
}

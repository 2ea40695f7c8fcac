package org.llm4msr.plugins.backbones.experts;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link SharedBottom} backbones. */
@Plugin(
    name = "shared-bottom",
    description = "One shared network, then one tower per scenario",
    source = "Caruana, Machine Learning 1997")
public final class SharedBottomFactory implements BackboneFactory<SharedBottomConfig> {

  @Override
  public Class<SharedBottomConfig> configType() {
    return SharedBottomConfig.class;
  }

  @Override
  public Backbone create(SharedBottomConfig config, ModelContext context) {
    return new SharedBottom(config, context);
  }

  @Override
  public boolean hasHidden(SharedBottomConfig config) {
    return true;
  }
}

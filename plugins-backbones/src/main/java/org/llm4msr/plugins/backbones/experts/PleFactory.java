package org.llm4msr.plugins.backbones.experts;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link Ple} backbones. */
@Plugin(
    name = "ple",
    description = "Levels of experts, some shared and some of one scenario, mixed by gates",
    source = "Tang et al., RecSys 2020")
public final class PleFactory implements BackboneFactory<PleConfig> {

  @Override
  public Class<PleConfig> configType() {
    return PleConfig.class;
  }

  @Override
  public Backbone create(PleConfig config, ModelContext context) {
    return new Ple(config, context);
  }

  @Override
  public boolean hasHidden(PleConfig config) {
    return true;
  }
}

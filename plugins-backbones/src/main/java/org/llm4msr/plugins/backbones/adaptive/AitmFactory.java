package org.llm4msr.plugins.backbones.adaptive;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link Aitm} backbones. */
@Plugin(
    name = "aitm",
    description =
        "A chain of scenarios: each attends over its own network and what the previous one"
            + " passes on",
    source = "Xi et al., KDD 2021")
public final class AitmFactory implements BackboneFactory<AitmConfig> {

  @Override
  public Class<AitmConfig> configType() {
    return AitmConfig.class;
  }

  @Override
  public Backbone create(AitmConfig config, ModelContext context) {
    return new Aitm(config, context);
  }

  @Override
  public boolean hasHidden(AitmConfig config) {
    return true;
  }
}

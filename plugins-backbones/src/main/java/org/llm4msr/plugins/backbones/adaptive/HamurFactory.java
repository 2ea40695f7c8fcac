package org.llm4msr.plugins.backbones.adaptive;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;

/** Makes {@link Hamur} backbones. */
@Plugin(
    name = "hamur",
    description =
        "One network per scenario, with adapters whose weights a shared network generates for"
            + " each row",
    source = "Li et al., CIKM 2023")
public final class HamurFactory implements BackboneFactory<HamurConfig> {

  @Override
  public Class<HamurConfig> configType() {
    return HamurConfig.class;
  }

  @Override
  public Backbone create(HamurConfig config, ModelContext context) {
    return new Hamur(config, context);
  }

  @Override
  public boolean hasHidden(HamurConfig config) {
    return true;
  }
}

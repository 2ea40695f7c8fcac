package org.llm4msr.plugins.fusion;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes the head that passes everything to the backbone: the plain model without knowledge. */
@Plugin(name = "none", description = "No knowledge: the backbone alone")
public final class NoneFactory implements FusionHeadFactory<NoneConfig> {

  @Override
  public Class<NoneConfig> configType() {
    return NoneConfig.class;
  }

  @Override
  public FusionHead create(NoneConfig config, FusionContext context) {
    Backbone backbone = context.backbone(context.model().layout());
    return (pass, features) -> backbone.forward(pass, features).logit();
  }

  @Override
  public Set<ModelInput> requires(NoneConfig config) {
    return Set.of();
  }
}

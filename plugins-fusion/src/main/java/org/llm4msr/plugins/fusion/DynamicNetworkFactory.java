package org.llm4msr.plugins.fusion;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link DynamicNetworkHead}s. */
@Plugin(
    name = "dynamic-network",
    description =
        "Attention and tower generated from the scenario's embedding, in place of the backbone's"
            + " towers; reads no knowledge",
    source = "After Zhang et al., M2M, WSDM 2022")
public final class DynamicNetworkFactory implements FusionHeadFactory<DynamicNetworkConfig> {

  @Override
  public Class<DynamicNetworkConfig> configType() {
    return DynamicNetworkConfig.class;
  }

  @Override
  public FusionHead create(DynamicNetworkConfig config, FusionContext context) {
    return new DynamicNetworkHead(config, context);
  }

  @Override
  public Set<ModelInput> requires(DynamicNetworkConfig config) {
    return Set.of(ModelInput.HIDDEN, ModelInput.SCENARIO_EMBEDDING);
  }
}

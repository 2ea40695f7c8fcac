package org.llm4msr.plugins.fusion;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;

/** Makes {@link MlpMetaNetwork}s. */
@Plugin(
    name = "mlp",
    description =
        "A linear map, or one hidden layer, from knowledge to weight matrices, in full or of low rank",
    source = "Wang et al., LLM4MSR, CIKM 2024")
public final class MlpMetaFactory implements MetaNetworkFactory<MlpMetaConfig> {

  @Override
  public Class<MlpMetaConfig> configType() {
    return MlpMetaConfig.class;
  }

  @Override
  public MetaNetwork create(MlpMetaConfig config, MetaContext context) {
    return new MlpMetaNetwork(config, context);
  }
}

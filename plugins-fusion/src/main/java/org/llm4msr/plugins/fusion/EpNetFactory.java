package org.llm4msr.plugins.fusion;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link EpNetHead}s. */
@Plugin(
    name = "epnet",
    description = "A gate of the scenario scales the embeddings; reads no knowledge",
    source = "Chang et al., PEPNet, KDD 2023")
public final class EpNetFactory implements FusionHeadFactory<EpNetConfig> {

  @Override
  public Class<EpNetConfig> configType() {
    return EpNetConfig.class;
  }

  @Override
  public FusionHead create(EpNetConfig config, FusionContext context) {
    return new EpNetHead(config, context);
  }

  @Override
  public Set<ModelInput> requires(EpNetConfig config) {
    return Set.of(ModelInput.SCENARIO_EMBEDDING);
  }
}

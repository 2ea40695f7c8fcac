package org.llm4msr.plugins.fusion;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link HierarchicalHead}s. */
@Plugin(
    name = "hierarchical",
    description = "User level below the backbone, scenario level beside it, mixed by alpha",
    source = "Wang et al., LLM4MSR, CIKM 2024")
public final class HierarchicalFactory implements FusionHeadFactory<HierarchicalConfig> {

  @Override
  public Class<HierarchicalConfig> configType() {
    return HierarchicalConfig.class;
  }

  @Override
  public FusionHead create(HierarchicalConfig config, FusionContext context) {
    return new HierarchicalHead(config, context);
  }

  @Override
  public Set<ModelInput> requires(HierarchicalConfig config) {
    return Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE);
  }
}

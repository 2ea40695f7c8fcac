package org.llm4msr.plugins.fusion;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.plugins.fusion.HierarchicalConfig.Placement;

/** Makes {@link HierarchicalHead}s. */
@Plugin(
    name = "hierarchical",
    description =
        "Layers generated from user and scenario knowledge, below the backbone or beside it",
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
    return Stream.of(Level.values())
        .filter(level -> config.placement(level) != Placement.NONE)
        .map(LevelKnowledge::input)
        .collect(Collectors.toSet());
  }
}

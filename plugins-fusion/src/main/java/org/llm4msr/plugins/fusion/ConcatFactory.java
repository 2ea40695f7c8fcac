package org.llm4msr.plugins.fusion;

import java.util.Set;
import java.util.stream.Collectors;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link ConcatHead}s. */
@Plugin(
    name = "concat",
    description = "Knowledge as additional features, each through a projection")
public final class ConcatFactory implements FusionHeadFactory<ConcatConfig> {

  @Override
  public Class<ConcatConfig> configType() {
    return ConcatConfig.class;
  }

  @Override
  public FusionHead create(ConcatConfig config, FusionContext context) {
    return new ConcatHead(config, context);
  }

  @Override
  public Set<ModelInput> requires(ConcatConfig config) {
    return config.levels().stream().map(LevelKnowledge::input).collect(Collectors.toSet());
  }
}

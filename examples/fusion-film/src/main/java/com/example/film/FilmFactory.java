package com.example.film;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link FilmHead}s. */
@Plugin(
    name = "film",
    description = "Knowledge scales and shifts the input of the backbone",
    source = "Perez et al., AAAI 2018")
public final class FilmFactory implements FusionHeadFactory<FilmConfig> {

  @Override
  public Class<FilmConfig> configType() {
    return FilmConfig.class;
  }

  @Override
  public FusionHead create(FilmConfig config, FusionContext context) {
    return new FilmHead(config, context);
  }

  @Override
  public Set<ModelInput> requires(FilmConfig config) {
    return config.users()
        ? Set.of(ModelInput.SCENARIO_KNOWLEDGE, ModelInput.USER_KNOWLEDGE)
        : Set.of(ModelInput.SCENARIO_KNOWLEDGE);
  }
}

package org.llm4msr.tck.zoo;

import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.PromptContext;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;

/** Makes prompt builders with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound prompt builder with one flaw")
public final class ZooPromptFactory implements PromptBuilderFactory<ZooPromptFactory.Config> {

  static final Cage<SoundPrompts> CAGE = new Cage<>(SoundPrompts::new);

  /** What a prompt begins with. */
  public record Config(@Setting(value = "A greeting", defaultValue = "Dear") String greeting) {}

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public ScenarioPromptBuilder create(Config config, PromptContext context) {
    SoundPrompts prompts = CAGE.make();
    prompts.start(config.greeting(), context.base());
    return prompts;
  }

  @Override
  public Set<EngineFeature> engineFeatures(Config config) {
    return EngineNeedsZooTest.DECLARED.make();
  }
}

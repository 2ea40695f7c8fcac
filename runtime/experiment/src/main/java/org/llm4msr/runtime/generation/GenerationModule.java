package org.llm4msr.runtime.generation;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.files.Scratch;

/** Binds the generator of raw data, for which no configuration names an engine. */
final class GenerationModule extends AbstractModule {

  private final PluginChoice<DatasetGeneratorFactory<Record>, Record> choice;
  private final Scratch scratch;

  GenerationModule(PluginChoice<DatasetGeneratorFactory<Record>, Record> choice, Scratch scratch) {
    this.choice = choice;
    this.scratch = scratch;
  }

  @Provides
  DatasetGenerator generator() {
    EngineFeatures.require(RuntimeConfig.DEFAULT_ENGINE, choice);
    return choice.create(DatasetGeneratorFactory::create, scratch);
  }
}

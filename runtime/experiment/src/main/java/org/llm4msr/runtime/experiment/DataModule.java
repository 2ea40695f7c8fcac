package org.llm4msr.runtime.experiment;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.plugins.ContextWrappers;

/** Binds the reader of the raw data, which its user closes. */
final class DataModule extends AbstractModule {

  private final Scratch scratch;

  DataModule(Scratch scratch) {
    this.scratch = scratch;
  }

  @Provides
  DatasetReader reader(
      PluginChoice<DatasetReaderFactory<Record>, Record> choice, RuntimeConfig runtime) {
    EngineFeatures.require(runtime.engine(), choice);
    DatasetReader reader = choice.create(DatasetReaderFactory::create, scratch);
    return ContextWrappers.of(choice.calls(), reader);
  }
}

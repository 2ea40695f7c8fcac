package org.llm4msr.tck.harness;

import java.util.Locale;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.runtime.model.ParameterStore;

/** The context of a head under test. */
record HarnessFusionContext(ParameterStore store, ModelHarness.Parts parts)
    implements FusionContext {

  @Override
  public ModelContext model() {
    return store.context("fusion", parts.shape());
  }

  @Override
  public int knowledgeSize() {
    return parts.knowledgeSize();
  }

  @Override
  public Backbone backbone(FeatureLayout layout) {
    return parts.createBackbone(store.context("backbone", parts.shape().with(layout)));
  }

  @Override
  public MetaNetwork metaNetwork(Level level, int inputWidth, int outputWidth) {
    String scope = "meta/" + level.name().toLowerCase(Locale.ROOT);
    return parts.createMetaNetwork(
        new HarnessMetaContext(
            store.context(scope, parts.shape()),
            level,
            parts.knowledgeSize(),
            parts.layers(level).spec(inputWidth, outputWidth)));
  }

  private record HarnessMetaContext(
      ModelContext model, Level level, int knowledgeSize, LayerSpec layers)
      implements MetaContext {}
}

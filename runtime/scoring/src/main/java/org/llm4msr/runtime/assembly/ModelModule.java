package org.llm4msr.runtime.assembly;

import com.google.inject.AbstractModule;
import com.google.inject.Key;
import com.google.inject.Provides;
import org.llm4msr.api.internal.Records;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.runtime.config.MetaNetworksConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.PluginChoice;

/**
 * Binds the plugins of a model as its configuration names them, and the {@link ModelConfig} of
 * those that are bound.
 */
public final class ModelModule extends AbstractModule {

  /** The multi-scenario model. */
  public static final Key<PluginChoice<BackboneFactory<Record>, Record>> BACKBONE = new Key<>() {};

  /** How knowledge enters it. */
  public static final Key<PluginChoice<FusionHeadFactory<Record>, Record>> FUSION_HEAD =
      new Key<>() {};

  private final ModelConfig stated;

  public ModelModule(ModelConfig stated) {
    this.stated = stated;
  }

  @Override
  protected void configure() {
    bind(BACKBONE).toInstance(stated.backbone());
    bind(FUSION_HEAD).toInstance(stated.fusion());
    bind(MetaNetworksConfig.class).toInstance(stated.metaNetworks());
  }

  @Provides
  ModelConfig model(
      PluginChoice<BackboneFactory<Record>, Record> backbone,
      PluginChoice<FusionHeadFactory<Record>, Record> head,
      MetaNetworksConfig metaNetworks) {
    return Records.with(
        Records.with(Records.with(stated, "backbone", backbone), "fusion", head),
        "metaNetworks",
        metaNetworks);
  }
}

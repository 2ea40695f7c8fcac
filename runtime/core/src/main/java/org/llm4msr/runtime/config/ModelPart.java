package org.llm4msr.runtime.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.plugins.PluginKind;

/**
 * A plugin that is part of a model.
 *
 * @param key of its name in the configuration of an experiment
 */
public record ModelPart(String key, PluginKind kind, PluginChoice<?, ?> choice) {

  /** Returns the parts of a model; meta networks if the fusion head reads their knowledge. */
  public static List<ModelPart> of(ModelConfig model) {
    Set<ModelInput> inputs = model.requires();
    List<ModelPart> parts = new ArrayList<>();
    parts.add(new ModelPart("model.backbone.name", PluginKind.BACKBONE, model.backbone()));
    parts.add(new ModelPart("model.fusion.name", PluginKind.FUSION_HEAD, model.fusion()));
    if (inputs.contains(ModelInput.USER_KNOWLEDGE)) {
      PluginChoice<?, ?> user = model.metaNetworks().user().network();
      parts.add(new ModelPart("model.metaNetworks.user.name", PluginKind.META_NETWORK, user));
    }
    if (inputs.contains(ModelInput.SCENARIO_KNOWLEDGE)) {
      PluginChoice<?, ?> scenario = model.metaNetworks().scenario().network();
      parts.add(
          new ModelPart("model.metaNetworks.scenario.name", PluginKind.META_NETWORK, scenario));
    }
    return parts;
  }
}

package org.llm4msr.runtime.bundle;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginOrigin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The plugins with which a model was trained, and the versions of their jars. */
public final class PluginStamps {

  private static final Logger LOG = LoggerFactory.getLogger(PluginStamps.class);

  private PluginStamps() {}

  /**
   * Returns the plugins that determine a model: reader, knowledge if it reads any, and its parts.
   */
  public static List<BundleManifest.Plugin> of(LoadedConfig loaded) {
    List<BundleManifest.Plugin> plugins = new ArrayList<>();
    ExperimentConfig config = loaded.config();
    plugins.add(stamp(PluginKind.DATASET_READER, config.dataset().reader()));
    if (config.readsKnowledge() && config.knowledge() != null) {
      plugins.add(stamp(PluginKind.PROMPT_BUILDER, config.knowledge().prompts().builder()));
      plugins.add(stamp(PluginKind.KNOWLEDGE_ENCODER, config.knowledge().encoder()));
    }
    ModelPart.of(loaded.model()).stream()
        .map(part -> stamp(part.kind(), part.choice()))
        .forEach(plugins::add);
    return plugins.stream().distinct().toList();
  }

  private static BundleManifest.Plugin stamp(PluginKind kind, PluginChoice<?, ?> choice) {
    String version = PluginOrigin.of(choice.factory().getClass()).version();
    return new BundleManifest.Plugin(kind.key(), choice.name(), version);
  }

  /**
   * Warns of other versions here: the weights fit them, but may have another meaning to them.
   *
   * @param subject what was trained, for the message
   */
  public static void warnOfOthers(
      Object subject, List<BundleManifest.Plugin> trained, List<ModelPart> parts) {
    List<BundleManifest.Plugin> present =
        parts.stream().map(part -> stamp(part.kind(), part.choice())).distinct().toList();
    for (BundleManifest.Plugin here : present) {
      trained.stream()
          .filter(plugin -> plugin.kind().equals(here.kind()) && plugin.name().equals(here.name()))
          .filter(plugin -> !plugin.version().equals(here.version()))
          .findFirst()
          .ifPresent(
              other ->
                  LOG.warn(
                      "{} was trained with version {} of the plugin {}, and this is {}: ask its author whether scores stay the same.",
                      subject,
                      other.version(),
                      here.name(),
                      here.version()));
    }
  }
}

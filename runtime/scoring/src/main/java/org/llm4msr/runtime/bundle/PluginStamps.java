package org.llm4msr.runtime.bundle;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginStamp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The plugins with which something was made, and whether their code is the one that is here. */
public final class PluginStamps {

  private static final Logger LOG = LoggerFactory.getLogger(PluginStamps.class);

  private PluginStamps() {}

  /**
   * Returns the plugins that determine a model: reader, knowledge if it reads any, and its parts.
   */
  public static List<PluginStamp> of(LoadedConfig loaded) {
    List<PluginStamp> plugins = new ArrayList<>();
    ExperimentConfig config = loaded.config();
    plugins.add(stamp(PluginKind.DATASET_READER, config.dataset().reader()));
    if (config.readsKnowledge() && config.knowledge() != null) {
      plugins.addAll(of(config.knowledge()));
    }
    plugins.addAll(of(ModelPart.of(loaded.model())));
    return plugins.stream().distinct().toList();
  }

  /** Returns the plugins that determine a knowledge store. */
  public static List<PluginStamp> of(KnowledgeConfig knowledge) {
    return List.of(
        stamp(PluginKind.PROMPT_BUILDER, knowledge.prompts().builder()),
        stamp(PluginKind.KNOWLEDGE_ENCODER, knowledge.encoder()));
  }

  /** Returns the plugins of a model alone. */
  public static List<PluginStamp> of(List<ModelPart> parts) {
    return parts.stream().map(part -> stamp(part.kind(), part.choice())).distinct().toList();
  }

  private static PluginStamp stamp(PluginKind kind, PluginChoice<?, ?> choice) {
    return PluginStamp.of(kind, choice.name(), choice.factory());
  }

  /**
   * Warns of other code here, and of other versions where the code was not recorded: the weights
   * fit, but may have another meaning to it.
   *
   * @param subject what was trained, for the message
   */
  public static void warnOfOthers(
      Object subject, List<PluginStamp> trained, List<ModelPart> parts) {
    List<PluginStamp> present = of(parts);
    String others = PluginStamp.differences(trained, present);
    if (!others.isEmpty()) {
      LOG.warn(
          "{} was trained with other code: {}. Its scores are no longer those that it was measured"
              + " with, unless the change is without effect; train again to be sure.",
          subject,
          others);
    }
    for (PluginStamp here : present) {
      trained.stream()
          .filter(plugin -> plugin.isOf(here) && plugin.digest().isEmpty())
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

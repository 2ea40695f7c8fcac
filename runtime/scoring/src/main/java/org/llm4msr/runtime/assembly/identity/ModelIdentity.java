package org.llm4msr.runtime.assembly.identity;

import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.config.ModelConfig.ItemKnowledgeConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.vectors.EarlierKnowledge;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;

/**
 * A text of all that decides what a model computes and learns, beside its values: checkpoints of
 * another text are refused. Settings at what held before there were any are left out.
 */
public final class ModelIdentity {

  private ModelIdentity() {}

  /**
   * Returns the identity.
   *
   * @param metaNetworks those of the levels that the head reads
   * @param inputs null for a model that reads no knowledge
   */
  public static String of(
      DatasetManifest manifest,
      ModelConfig model,
      List<MetaNetworkConfig> metaNetworks,
      @Nullable KnowledgeInputs inputs) {
    String parts =
        String.join(
            "|",
            "data " + manifest.key(),
            "embedding " + model.embeddingSize() + " " + model.scenarioEmbeddingSize(),
            describe(model.backbone()),
            describe(model.fusion()),
            metaNetworks.stream().map(ModelIdentity::describe).toList().toString()
                + (model.embeddingSizes().isEmpty()
                    ? ""
                    : "|sizes " + new TreeMap<>(model.embeddingSizes()))
                + (model.linear() ? "|linear" : "")
                + (model.embeddingDeviation() == ModelConfig.DEVIATION
                    ? ""
                    : "|deviation " + model.embeddingDeviation())
                + SequencePlan.identity(model)
                + ModelLabels.identity(model.labels()));
    if (inputs == null) {
      return parts;
    }
    EarlierKnowledge earlier = inputs.earlier();
    HistoryInputs history = inputs.history();
    return parts
        + (earlier == null ? "" : "|periods " + earlier.periods().count())
        + (inputs.components() == 0 ? "" : "|components " + inputs.components() + " of known users")
        + (inputs.missing() == Missing.MEAN ? "" : "|missing " + inputs.missing())
        + (inputs.controls().isEmpty() ? "" : "|control " + inputs.controls())
        + (model.readsItems() ? "|items " + describeItems(model, inputs) : "")
        + (history == null ? "" : "|history " + EffectiveConfig.identity(history.config()));
  }

  private static String describeItems(ModelConfig model, KnowledgeInputs inputs) {
    ItemKnowledgeConfig field = model.itemKnowledge();
    ColdItemsConfig cold = model.coldItems();
    return (cold == null ? "" : "cold " + EffectiveConfig.identity(cold) + " ")
        + (field == null ? "" : "of width " + field.widthBeside(model.embeddingSize()))
        + (inputs.missingItem() == Missing.MEAN ? "" : " missing " + inputs.missingItem());
  }

  private static String describe(PluginChoice<?, ?> choice) {
    return choice.name() + " " + EffectiveConfig.identity(choice.config());
  }

  private static String describe(MetaNetworkConfig meta) {
    return "%s %s %s %s"
        .formatted(
            describe(meta.network()), meta.layers(), meta.activation(), meta.outputActivation());
  }
}

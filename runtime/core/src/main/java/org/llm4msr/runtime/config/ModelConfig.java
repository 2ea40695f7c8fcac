package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.config.labels.LabelConfig;

/** Backbone, fusion head and meta networks. */
public record ModelConfig(
    @Setting(value = "D, the width of a field's embedding", defaultValue = "16") @Min(1) @Max(4096)
        int embeddingSize,
    @Setting(value = "Ds, the width of the scenario embedding", defaultValue = "16")
        @Min(1)
        @Max(4096)
        int scenarioEmbeddingSize,
    @Setting("The multi-scenario model") @Valid
        PluginChoice<BackboneFactory<Record>, Record> backbone,
    @Setting(value = "How knowledge enters the model", defaultValue = "{name: none}") @Valid
        PluginChoice<FusionHeadFactory<Record>, Record> fusion,
    @Setting(value = "The meta networks of the levels", defaultValue = "{}") @Valid
        MetaNetworksConfig metaNetworks,
    @Setting(
            "The item's vector as one more field, for any backbone and head; without this section,"
                + " there is none")
        @Valid
        @Nullable ItemKnowledgeConfig itemKnowledge,
    @Setting(
            value =
                "D of some fields, by name, for all that share its table; others have"
                    + " model.embeddingSize",
            defaultValue = "{}")
        Map<String, @Min(1) @Max(4096) Integer> embeddingSizes,
    @Setting(
            value =
                "Whether each value has a first-order weight too, and the sum of a row's weights is"
                    + " added to the logit: the wide part, for any backbone and head",
            defaultValue = "false",
            before = "false")
        boolean linear,
    @Setting(
            value =
                "Further labels of the data that the model learns, by name: each has towers of its"
                    + " own over what the backbone shares",
            defaultValue = "{}")
        Map<String, @Valid LabelConfig> labels) {

  private static final Set<ModelInput> KNOWLEDGE =
      Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE, ModelInput.ITEM_KNOWLEDGE);

  /** Makes settings of a model of one label. */
  public ModelConfig(
      int embeddingSize,
      int scenarioEmbeddingSize,
      PluginChoice<BackboneFactory<Record>, Record> backbone,
      PluginChoice<FusionHeadFactory<Record>, Record> fusion,
      MetaNetworksConfig metaNetworks,
      @Nullable ItemKnowledgeConfig itemKnowledge,
      Map<String, Integer> embeddingSizes,
      boolean linear) {
    this(
        embeddingSize,
        scenarioEmbeddingSize,
        backbone,
        fusion,
        metaNetworks,
        itemKnowledge,
        embeddingSizes,
        linear,
        Map.of());
  }

  /** Makes settings with one size for all fields and one label, and without a linear part. */
  public ModelConfig(
      int embeddingSize,
      int scenarioEmbeddingSize,
      PluginChoice<BackboneFactory<Record>, Record> backbone,
      PluginChoice<FusionHeadFactory<Record>, Record> fusion,
      MetaNetworksConfig metaNetworks,
      @Nullable ItemKnowledgeConfig itemKnowledge) {
    this(
        embeddingSize,
        scenarioEmbeddingSize,
        backbone,
        fusion,
        metaNetworks,
        itemKnowledge,
        Map.of(),
        false);
  }

  /** Returns the inputs that the fusion head reads. */
  public Set<ModelInput> requires() {
    return fusion.ask(FusionHeadFactory::requires);
  }

  /** Returns whether the fusion head reads knowledge of any level. */
  public boolean headReadsKnowledge() {
    return requires().stream().anyMatch(KNOWLEDGE::contains);
  }

  /** Returns whether the model reads knowledge of items, in a field or by its head. */
  public boolean readsItems() {
    return itemKnowledge != null || requires().contains(ModelInput.ITEM_KNOWLEDGE);
  }

  /** Returns whether the model reads knowledge of any level. */
  public boolean readsKnowledge() {
    return readsItems() || headReadsKnowledge();
  }

  /** The field of the item's vector. */
  public record ItemKnowledgeConfig(
      @Setting("Width of the field; by default model.embeddingSize") @Min(1) @Max(4096)
          @Nullable Integer width) {

    /** Returns the width of the field beside others of a width. */
    public int widthBeside(int embeddingSize) {
      return width == null ? embeddingSize : width;
    }
  }
}

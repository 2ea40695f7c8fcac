package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;

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
                "Sequences by name, such as what the user chose before: each one more field, for any"
                    + " backbone and head",
            defaultValue = "{}")
        Map<String, @Valid SequenceConfig> sequences,
    @Setting(
            "Values of which training has few rows read the vector of the row's item in place of"
                + " their own embedding, or beside it; without this section, none does")
        @Valid
        @Nullable ColdItemsConfig coldItems,
    @Setting(
            value =
                "Further labels of the data that the model learns, by name: each has towers of its"
                    + " own over what the backbone shares",
            defaultValue = "{}")
        Map<String, @Valid LabelConfig> labels,
    @Setting(
            value =
                "Standard deviation of the first values of embeddings; it decides how soon fields"
                    + " that tell something only together are learned",
            defaultValue = "1.0E-4",
            before = "1.0E-4")
        @Positive
        double embeddingDeviation) {

  /** The usual deviation of the first values of embeddings, that of the reference code. */
  public static final double DEVIATION = 1e-4;

  private static final Set<ModelInput> KNOWLEDGE =
      Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE, ModelInput.ITEM_KNOWLEDGE);

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
    return itemKnowledge != null
        || coldItems != null
        || requires().contains(ModelInput.ITEM_KNOWLEDGE);
  }

  /** Returns the key of the first setting by which the model reads knowledge of items. */
  public String readerOfItems() {
    if (itemKnowledge != null) {
      return "model.itemKnowledge";
    }
    return coldItems != null ? "model.coldItems" : "model.fusion.name";
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

  /**
   * The field whose rare values read the item's vector. A value with n training rows counts n / (n
   * + halfAt), the vector the rest: the weight of an estimate that shrinks towards a regression on
   * the vector (Efron and Morris, 1975). Dropout as in DropoutNet (Volkovs et al., 2017).
   */
  public record ColdItemsConfig(
      @Setting("The field, categorical with one value a row, such as the id of the item") @NotBlank
          String field,
      @Setting(
              value =
                  "Training rows of a value at which its own embedding counts half; with 0, it"
                      + " counts whole for all but unseen values",
              defaultValue = "5.0")
          @PositiveOrZero
          double halfAt,
      @Setting(
              value =
                  "Share of the training rows that read the vector alone, as those of unseen values"
                      + " do",
              defaultValue = "0.1")
          @DecimalMin(value = "0.0", message = "must be at least 0")
          @DecimalMax(value = "1.0", inclusive = false, message = "must be below 1")
          double dropout,
      @Setting(
              value =
                  "What stands in the field: mix, the embedding and the vector by their shares; or"
                      + " sum, the embedding by its share and all of the vector",
              defaultValue = "sum",
              before = "mix")
          Form form) {

    /** What stands in the field of a value e whose item's vector is mapped to p; g is its share. */
    public enum Form {
      /** g e + (1 - g) p: the more rows, the less p is read, and the less it learns. */
      MIX,
      /** g e + p: e is what a value has beside its text, and all rows train p. */
      SUM
    }
  }
}

package org.llm4msr.runtime.config;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.PositiveOrZero;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.runtime.config.past.HistoryConfig;

/** Prompts, language model and the use of the vectors. */
public record KnowledgeConfig(
    @Setting(value = "Prompt builder", defaultValue = "{name: llm4msr}") @Valid
        PromptsConfig prompts,
    @Setting("Knowledge encoder") @Valid
        PluginChoice<KnowledgeEncoderFactory<Record>, Record> encoder,
    @Setting(
            value =
                "What a model reads for users without a stored vector: the mean of the training"
                    + " users, the zero vector, or one trained vector",
            defaultValue = "mean")
        Missing missing,
    @Setting(
            value = "Users with fewer positive training rows than this get no prompt",
            defaultValue = "1")
        @Min(1)
        int minInteractions,
    @Setting(
            "Most prompts, those of the users and items with the most positive training rows;"
                + " without this section, of all")
        @Valid
        @Nullable LimitConfig limit,
    @Setting(
            value =
                "Number of periods of equal size that the training rows are split into by time:"
                    + " each row then reads what its user did before its period, and so nothing"
                    + " of its own label."
                    + " 1: all rows read the whole training part, as published",
            defaultValue = "1")
        @Min(1)
        @Max(64)
        int periods,
    @Setting(
            value =
                "Number of principal components that a model's knowledge is reduced to, fitted"
                    + " on the training users; 0: no reduction, it reads all dimensions",
            defaultValue = "0")
        @PositiveOrZero
        int components,
    @Setting("Item texts; without this section, the language model reads none") @Valid
        @Nullable ItemsConfig items,
    @Setting(
            value =
                "What models read in place of the vectors, to tell knowledge from capacity: the"
                    + " mean, each the vector of another key, or random numbers; of all levels, or"
                    + " of each",
            defaultValue = "off")
        @Valid
        KnowledgeControl control,
    @Setting(
            "How alike the item is to the user's history, by vectors of items; without this"
                + " section, models do not read it")
        @Valid
        @Nullable HistoryConfig history,
    @Setting(value = "How vectors are stored", defaultValue = "float16") Precision precision) {

  private static final Set<String> READING =
      Set.of("missing", "components", "control", "items", "history");

  /** Returns whether a key says what a model reads of the vectors, and affects none of a store. */
  public static boolean isOfReading(String key) {
    return READING.contains(key.split("\\.", 2)[0]);
  }

  /** Returns this with another prompt builder and encoder. */
  public KnowledgeConfig with(
      PluginChoice<PromptBuilderFactory<Record>, Record> builder,
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> other) {
    return new KnowledgeConfig(
        new PromptsConfig(builder, prompts.leakFutureInteractions(), prompts.positive()),
        other,
        missing,
        minInteractions,
        limit,
        periods,
        components,
        items,
        control,
        history,
        precision);
  }

  /** Returns what an item without a vector gets, also where the language model reads no items. */
  public Missing missingItem() {
    return items == null ? Missing.MEAN : items.missing;
  }

  /** How many prompts the language model reads. */
  public record LimitConfig(
      @Setting("Most users that get a prompt; without it, all") @Min(1) @Nullable Integer users,
      @Setting("Most items that get a prompt; without it, all") @Min(1) @Nullable Integer items) {

    /** No limit. */
    public static final LimitConfig NONE = new LimitConfig(null, null);
  }

  /** What the language model reads of items. */
  public record ItemsConfig(
      @Setting(
              value =
                  "What a model reads for items without a stored vector: the mean of the training"
                      + " items, the zero vector, or one trained vector",
              defaultValue = "mean")
          Missing missing) {}

  /** The vector of a user or item without knowledge. */
  public enum Missing {
    /** The mean of the training part, zero after standardisation. */
    MEAN,
    /** The zero vector before standardisation. */
    ZERO,
    /** One trained vector. */
    LEARNED
  }

  /** The stored element type. */
  public enum Precision {
    /** Two bytes per element. */
    FLOAT16,
    /** Four bytes per element. */
    FLOAT32
  }
}

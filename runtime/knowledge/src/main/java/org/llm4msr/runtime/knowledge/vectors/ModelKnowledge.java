package org.llm4msr.runtime.knowledge.vectors;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.history.ModelHistory;

/**
 * The standardised knowledge that one model reads; a level that it does not read is null.
 *
 * @param scaling what standardises all
 */
public record ModelKnowledge(
    @Nullable VectorLookup users,
    @Nullable VectorLookup scenarios,
    @Nullable VectorLookup items,
    @Nullable ModelHistory history,
    KnowledgeScaling scaling) {

  /**
   * Loads what a model reads.
   *
   * @param who the users, scenarios and items by index
   * @param levels those that the model reads, at least one
   */
  public static ModelKnowledge load(KnowledgeInputs inputs, Population who, Set<Level> levels) {
    KnowledgeScaling scaling =
        inputs.scaling() == null ? KnowledgeScaling.learn(inputs, who, levels) : inputs.scaling();
    VectorLookup items =
        levels.contains(Level.ITEM) ? lookup(inputs, who, scaling, Level.ITEM) : null;
    return new ModelKnowledge(
        levels.contains(Level.USER) ? lookup(inputs, who, scaling, Level.USER) : null,
        levels.contains(Level.SCENARIO) ? lookup(inputs, who, scaling, Level.SCENARIO) : null,
        items,
        items == null || inputs.history() == null ? null : items.history(inputs.history()),
        scaling);
  }

  /** Returns the vectors of a level; null if the model does not read it. */
  public @Nullable VectorLookup of(Level level) {
    return switch (level) {
      case USER -> users;
      case SCENARIO -> scenarios;
      case ITEM -> items;
    };
  }

  /**
   * Returns the size of the vectors of each level that is read, as the language model gave them.
   */
  public Map<Level, Integer> dimensions() {
    Map<Level, Integer> dimensions = new EnumMap<>(Level.class);
    for (Level level : Level.values()) {
      VectorLookup lookup = of(level);
      if (lookup != null) {
        dimensions.put(level, lookup.rawDimension());
      }
    }
    return dimensions;
  }

  private static VectorLookup lookup(
      KnowledgeInputs inputs, Population who, KnowledgeScaling scaling, Level level) {
    KnowledgeTransform transform = scaling.of(level);
    VectorLookup lookup =
        switch (level) {
          case USER ->
              new VectorLookup(
                  level,
                  inputs.users(),
                  who.users(),
                  transform,
                  inputs.missing(),
                  inputs.earlier());
          // A scenario without a vector reads the mean.
          case SCENARIO ->
              new VectorLookup(
                  level, inputs.scenarios(), who.scenarios(), transform, Missing.MEAN, null);
          case ITEM ->
              new VectorLookup(
                  level, inputs.items(), who.items().get(), transform, inputs.missingItem(), null);
        };
    if (lookup.knownCount() == 0) {
      throw empty(level.name().toLowerCase(Locale.ROOT));
    }
    return lookup;
  }

  private static MsrException empty(String level) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/NONE",
        "The knowledge store holds no "
            + level
            + " of this data, but the model reads "
            + level
            + " knowledge. Run 'llm4msr knowledge extract' with this configuration; if it says"
            + " that users are below the threshold, lower knowledge.minInteractions; items need"
            + " texts in the data and a section knowledge.items.");
  }
}

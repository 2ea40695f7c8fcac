package org.llm4msr.runtime.knowledge.vectors;

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
    @Nullable UserKnowledge users,
    @Nullable KnowledgeVectors scenarios,
    @Nullable ItemKnowledge items,
    @Nullable ModelHistory history,
    KnowledgeScaling scaling,
    Missing missing,
    Missing missingItem) {

  /**
   * Loads what a model reads.
   *
   * @param who the users, scenarios and items by index
   * @param levels those that the model reads, at least one
   */
  public static ModelKnowledge load(KnowledgeInputs inputs, Population who, Set<Level> levels) {
    KnowledgeScaling scaling =
        inputs.scaling() == null ? KnowledgeScaling.learn(inputs, who, levels) : inputs.scaling();
    ItemKnowledge items = levels.contains(Level.ITEM) ? items(inputs, who, scaling) : null;
    return new ModelKnowledge(
        levels.contains(Level.USER) ? users(inputs, who, scaling) : null,
        levels.contains(Level.SCENARIO) ? scenarios(inputs, who, scaling) : null,
        items,
        items == null || inputs.history() == null ? null : items.history(inputs.history()),
        scaling,
        inputs.missing(),
        inputs.missingItem());
  }

  private static UserKnowledge users(
      KnowledgeInputs inputs, Population who, KnowledgeScaling scaling) {
    KnowledgeTransform transform = scaling.of(Level.USER);
    UserKnowledge users =
        new UserKnowledge(
            inputs.users(),
            inputs.earlier(),
            source -> KnowledgeVectors.entities(source, who.users(), transform, inputs.missing()));
    if (users.knownCount() == 0) {
      throw empty("user");
    }
    return users;
  }

  private static KnowledgeVectors scenarios(
      KnowledgeInputs inputs, Population who, KnowledgeScaling scaling) {
    KnowledgeVectors scenarios =
        KnowledgeVectors.scenarios(inputs.scenarios(), who.scenarios(), scaling.of(Level.SCENARIO));
    if (scenarios.knownCount() == 0) {
      throw empty("scenario");
    }
    return scenarios;
  }

  private static ItemKnowledge items(
      KnowledgeInputs inputs, Population who, KnowledgeScaling scaling) {
    KnowledgeTransform transform = scaling.of(Level.ITEM);
    ItemKnowledge items =
        new ItemKnowledge(
            KnowledgeVectors.entities(
                inputs.items(), who.items().get(), transform, inputs.missingItem()),
            transform);
    if (items.knownCount() == 0) {
      throw empty("item");
    }
    return items;
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

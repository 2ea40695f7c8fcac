package org.llm4msr.runtime.knowledge.vectors;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;

/**
 * The standardised knowledge that one model reads; a level that it does not read is null.
 *
 * @param scaling what standardises both
 */
public record ModelKnowledge(
    @Nullable UserKnowledge users,
    @Nullable KnowledgeVectors scenarios,
    KnowledgeScaling scaling,
    Missing missing) {

  /**
   * Loads what a model reads.
   *
   * @param who the users and scenarios by index
   */
  public static ModelKnowledge load(
      KnowledgeInputs inputs, Population who, boolean readsUsers, boolean readsScenarios) {
    KnowledgeScaling scaling =
        inputs.scaling() == null
            ? KnowledgeScaling.learn(inputs, who, readsScenarios)
            : inputs.scaling();
    UserKnowledge users =
        readsUsers
            ? new UserKnowledge(
                inputs.users(),
                inputs.earlier(),
                source ->
                    KnowledgeVectors.users(source, who.users(), scaling.users(), inputs.missing()))
            : null;
    if (users != null && users.knownCount() == 0) {
      throw empty("user");
    }
    KnowledgeTransform forScenarios = scaling.scenarios();
    if (!readsScenarios || forScenarios == null) {
      return new ModelKnowledge(users, null, scaling, inputs.missing());
    }
    KnowledgeVectors scenarios =
        KnowledgeVectors.scenarios(inputs.scenarios(), who.scenarios(), forScenarios);
    if (scenarios.knownCount() == 0) {
      throw empty("scenario");
    }
    return new ModelKnowledge(users, scenarios, scaling, inputs.missing());
  }

  private static MsrException empty(String level) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/NONE",
        "The knowledge store holds no "
            + level
            + " of this data, but the fusion head reads "
            + level
            + " knowledge. Run 'llm4msr knowledge extract' with this configuration; if it says"
            + " that users are below the threshold, lower knowledge.minInteractions.");
  }
}

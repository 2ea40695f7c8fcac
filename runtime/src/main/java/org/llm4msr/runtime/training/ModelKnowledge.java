package org.llm4msr.runtime.training;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.data.PreparedData;
import org.llm4msr.runtime.data.PreparedScenario;

/**
 * The standardised knowledge that one model reads; a level that it does not read is null.
 *
 * @param userStatistics what standardises users
 * @param scenarioStatistics what standardises scenarios
 */
record ModelKnowledge(
    @Nullable KnowledgeVectors users,
    @Nullable KnowledgeVectors scenarios,
    KnowledgeStatistics userStatistics,
    @Nullable KnowledgeStatistics scenarioStatistics,
    Missing missing) {

  static ModelKnowledge load(
      KnowledgeInputs inputs, PreparedData data, boolean readsUsers, boolean readsScenarios) {
    List<String> keys = data.userKeys();
    KnowledgeStatistics statistics =
        KnowledgeStatistics.over(inputs.users(), trainingKeys(keys, data.trainingUsers()));
    KnowledgeVectors users =
        readsUsers
            ? KnowledgeVectors.users(inputs.users(), keys, statistics, inputs.missing())
            : null;
    if (users != null && users.knownCount() == 0) {
      throw empty("user");
    }
    if (!readsScenarios) {
      return new ModelKnowledge(users, null, statistics, null, inputs.missing());
    }
    List<String> scenarioKeys =
        data.manifest().scenarios().stream().map(PreparedScenario::key).toList();
    KnowledgeStatistics forScenarios =
        KnowledgeStatistics.forScenarios(inputs.scenarios(), scenarioKeys, statistics);
    KnowledgeVectors scenarios =
        KnowledgeVectors.scenarios(inputs.scenarios(), scenarioKeys, forScenarios);
    if (scenarios.knownCount() == 0) {
      throw empty("scenario");
    }
    return new ModelKnowledge(users, scenarios, statistics, forScenarios, inputs.missing());
  }

  private static MsrException empty(String level) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/NONE",
        "The knowledge store holds no "
            + level
            + " of this data, but the fusion head reads "
            + level
            + " knowledge. Run 'llm4msr knowledge extract' with this configuration.");
  }

  private static Iterable<String> trainingKeys(List<String> keys, BitSet training) {
    return () -> training.stream().mapToObj(keys::get).iterator();
  }
}

package org.llm4msr.runtime.experiment;

import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;

/** The settings that need a time of each row. */
final class TimeNeeds {

  private static final String NAME_IT =
      "Name its column (of the reader table in dataset.time), or remove ";

  private TimeNeeds() {}

  /** Takes problems. */
  @FunctionalInterface
  interface Problem {
    /** Takes the problem of a setting; its value is null where the path alone tells it. */
    void add(String path, @Nullable String value, String rule);
  }

  /** Finds what is wrong where the data has no time, but for the split. */
  static void find(ExperimentConfig config, Problem problem) {
    Integer days = config.dataset().negatives().pool().days();
    if (days != null) {
      problem.add(
          "dataset.negatives.pool.days",
          days.toString(),
          "the data has no time. Use pool: part or pool: earlier");
    }
    Double halfLife = config.training().halfLifeDays();
    if (halfLife != null) {
      problem.add("training.halfLifeDays", halfLife.toString(), "the data has no time. Remove it");
    }
    KnowledgeConfig knowledge = config.knowledge();
    if (knowledge != null && knowledge.history() != null) {
      problem.add(
          "knowledge.history",
          null,
          "is what the user met before, but the data has no time. " + NAME_IT + "the history");
    }
    if (knowledge != null && knowledge.periods() > 1) {
      problem.add(
          "knowledge.periods",
          String.valueOf(knowledge.periods()),
          "orders rows by their time, but the data has none. " + NAME_IT + "the periods");
    }
    if (config.model() != null) {
      config
          .model()
          .sequences()
          .forEach(
              (name, sequence) -> {
                if (sequence.isOfLog()) {
                  problem.add(
                      SequencePlan.key(name),
                      null,
                      "is what the user did before, but the data has no time. Name a list field in"
                          + " 'of', or give the data a time");
                }
              });
    }
  }
}

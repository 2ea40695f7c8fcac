package org.llm4msr.runtime.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;

/**
 * How slow the steps of a model are, as measured at the beginning of its training.
 *
 * @param rowsPerSecond of the model
 * @param plainRowsPerSecond of its backbone alone
 * @param rows of a batch
 * @param users distinct users of these rows
 * @param secondsLeft the time of all steps to come; patience may end training before
 */
public record SlowTraining(
    double rowsPerSecond, double plainRowsPerSecond, int rows, int users, double secondsLeft) {

  /** Grouping pays on dense logs only: with 6 rows a user, it cost AUC (docs/results.md). */
  private static final double MANY_ROWS_OF_A_USER = 30;

  private static final int GROUPED = 16;
  private static final int RANK = 8;
  private static final int COMPONENTS = 64;
  private static final double MINUTE = 60;

  /**
   * Says how slow it is, and which settings of the model make it faster.
   *
   * @param knowledgeSize K of the stored vectors
   * @param rowsOfUser training rows of a user, on average
   */
  public String text(ExperimentConfig config, int knowledgeSize, double rowsOfUser) {
    List<String> remedies = remedies(config, knowledgeSize, rowsOfUser);
    return String.format(
        Locale.ROOT,
        "Training is slow: %,.0f rows/s, while the backbone alone trains %,.0f (%.1f times as"
            + " many); a batch of %,d rows has %,d users. All epochs take %s, unless patience ends"
            + " them.%s",
        rowsPerSecond,
        plainRowsPerSecond,
        plainRowsPerSecond / rowsPerSecond,
        rows,
        users,
        time(),
        remedies.isEmpty() ? "" : " Faster: " + String.join("; ", remedies) + ".");
  }

  /** Says as {@link #text(ExperimentConfig, int, double)}, of a user's rows in the data. */
  public String text(ExperimentConfig config, int knowledgeSize, DatasetManifest data) {
    double rowsOfUser = (double) data.rows().train() / Math.max(1, data.trainingUsers());
    return text(config, knowledgeSize, rowsOfUser);
  }

  private String time() {
    double minutes = secondsLeft / MINUTE;
    return minutes < 2 * MINUTE
        ? String.format(Locale.ROOT, "%.0f minutes", minutes)
        : String.format(Locale.ROOT, "%.1f hours", minutes / MINUTE);
  }

  private static List<String> remedies(
      ExperimentConfig config, int knowledgeSize, double rowsOfUser) {
    List<String> remedies = new ArrayList<>();
    ModelConfig model = config.model();
    KnowledgeConfig knowledge = config.knowledge();
    if (model == null || knowledge == null || !model.headReadsKnowledge()) {
      return remedies;
    }
    boolean ofUsers = model.requires().contains(ModelInput.USER_KNOWLEDGE);
    Record network = model.metaNetworks().user().network().config();
    Object rank = EffectiveConfig.of(network).values().get("rank");
    if (ofUsers && "0".equals(String.valueOf(rank))) {
      remedies.add(
          "model.metaNetworks.user.rank: %d (now 0: full matrices for each user)".formatted(RANK));
    }
    if (ofUsers && config.training().groupUsers() == 1 && rowsOfUser >= MANY_ROWS_OF_A_USER) {
      remedies.add(
          String.format(
              Locale.ROOT,
              "training.groupUsers: %d (now 1; a user has %.0f training rows), so that a batch has"
                  + " fewer users",
              GROUPED,
              rowsOfUser));
    }
    if (knowledge.components() == 0 && knowledgeSize > COMPONENTS) {
      remedies.add(
          "knowledge.components: %d (now 0: all %d numbers of a vector)"
              .formatted(COMPONENTS, knowledgeSize));
    }
    return remedies;
  }
}

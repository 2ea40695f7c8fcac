package org.llm4msr.runtime.data.prepared;

import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;

/** What prompts may tell: the training part, and nothing of the other two. */
public interface TrainingLog {

  /** Returns the statistics of the training part, by scenario rank. */
  List<ScenarioStatistics> scenarioStatistics();

  /** Returns how many users {@link #forEachUser} visits. */
  long users();

  /** Visits every user with a positive training row, by rising index. */
  void forEachUser(Consumer<UserHistory> visitor);

  /** Visits every item, of all parts, by rising index. */
  void forEachItem(Consumer<ItemText> visitor);
}

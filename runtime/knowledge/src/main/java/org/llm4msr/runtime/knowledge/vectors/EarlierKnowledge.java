package org.llm4msr.runtime.knowledge.vectors;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.runtime.data.prepared.Periods;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * The knowledge of users as it was before each period of the training part, except the first,
 * before which there is none. A training row that reads it cannot know its own label.
 *
 * @param users vectors by raw user id, from the second period on
 */
public record EarlierKnowledge(Periods periods, List<KnowledgeSource> users) {

  public EarlierKnowledge {
    requireNonNull(periods, "periods is null");
    users = List.copyOf(users);
    if (users.size() != periods.count() - 1) {
      throw new IllegalArgumentException(
          "%d periods need %d sources, not %d"
              .formatted(periods.count(), periods.count() - 1, users.size()));
    }
  }
}

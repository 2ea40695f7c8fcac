package org.llm4msr.runtime.knowledge.extraction;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.LimitConfig;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/**
 * The users and items that {@code knowledge.limit} leaves: those with the most positive training
 * rows; of equal ones, those that come first in the data.
 */
public final class Chosen {

  /** All users and items. */
  public static final Chosen ALL = new Chosen(null, null);

  private final @Nullable Set<String> users;
  private final @Nullable Set<String> items;

  private Chosen(@Nullable Set<String> users, @Nullable Set<String> items) {
    this.users = users;
    this.items = items;
  }

  /**
   * Chooses from the whole training part.
   *
   * @param withoutText whether items without a text count: where vectors are looked up by key
   */
  public static Chosen of(TrainingLog log, LimitConfig limit, boolean withoutText) {
    Most users = new Most(limit.users());
    Most items = new Most(limit.items());
    if (limit.users() != null || limit.items() != null) {
      Map<String, Integer> positives = new HashMap<>();
      log.forEachUser(
          history -> {
            users.offer(history.user(), history.events().size());
            if (limit.items() != null) {
              for (UserHistory.Event event : history.events()) {
                positives.merge(event.item(), 1, Integer::sum);
              }
            }
          });
      if (limit.items() != null) {
        log.forEachItem(
            item -> {
              if (withoutText || !item.text().isBlank()) {
                items.offer(item.item(), positives.getOrDefault(item.item(), 0));
              }
            });
      }
    }
    return new Chosen(users.keys(), items.keys());
  }

  boolean hasUser(String key) {
    return users == null || users.contains(key);
  }

  boolean has(Level level, String key) {
    return switch (level) {
      case SCENARIO -> true;
      case USER -> hasUser(key);
      case ITEM -> hasItem(key);
    };
  }

  boolean hasItem(String key) {
    return items == null || items.contains(key);
  }

  /** Keeps the keys with the most rows. */
  private static final class Most {

    private record Candidate(String key, int rows, long place) {}

    private final @Nullable Integer count;
    private final PriorityQueue<Candidate> best =
        new PriorityQueue<>(
            Comparator.comparingInt(Candidate::rows)
                .thenComparing(Candidate::place, Comparator.reverseOrder()));
    private long place;

    Most(@Nullable Integer count) {
      this.count = count;
    }

    void offer(String key, int rows) {
      if (count != null) {
        best.add(new Candidate(key, rows, place++));
        if (best.size() > count) {
          best.remove();
        }
      }
    }

    @Nullable Set<String> keys() {
      if (count == null) {
        return null;
      }
      Set<String> keys = new HashSet<>();
      best.forEach(candidate -> keys.add(candidate.key()));
      return keys;
    }
  }
}

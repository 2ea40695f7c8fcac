package org.llm4msr.server.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * A request of a log.
 *
 * @param time when it was ranked, in milliseconds since 1970
 * @param digest of the bundle that ranked it
 * @param updatedKnowledge whether vectors were read that the server was given since the bundle was
 *     made
 * @param items in their order; those that were not scored are left out
 */
public record LoggedRequest(
    String id,
    long time,
    String model,
    String version,
    String digest,
    boolean updatedKnowledge,
    @Nullable String user,
    String scenario,
    List<LoggedItem> items) {

  public LoggedRequest {
    items = List.copyOf(items);
  }

  /**
   * An item.
   *
   * @param probability of label 1
   * @param used all that the model read, by column
   * @param brought the columns that the request brought
   * @param labels probabilities of further labels, by name
   */
  public record LoggedItem(
      @Nullable String id,
      float probability,
      Map<String, ?> used,
      Set<String> brought,
      Map<String, Float> labels) {}

  /** Returns the request with all values as used, whatever a bundle has stored. */
  public RankRequest asUsed() {
    List<RankItem> all = new ArrayList<>();
    items.forEach(item -> all.add(new RankItem(item.id(), item.used())));
    return new RankRequest(user, scenario, Map.of(), all, null);
  }

  /** Returns the request with what it brought; what its items share is the context. */
  public RankRequest asBrought() {
    Map<String, @Nullable Object> context = new HashMap<>();
    Set<String> shared = new HashSet<>(items.isEmpty() ? Set.of() : items.get(0).brought());
    shared.removeIf(column -> !isShared(column));
    shared.forEach(column -> context.put(column, items.get(0).used().get(column)));
    List<RankItem> all = new ArrayList<>();
    for (LoggedItem item : items) {
      Map<String, @Nullable Object> own = new HashMap<>();
      for (String column : item.brought()) {
        if (!shared.contains(column)) {
          own.put(column, item.used().get(column));
        }
      }
      all.add(new RankItem(item.id(), own));
    }
    return new RankRequest(user, scenario, context, all, null);
  }

  private boolean isShared(String column) {
    Object first = items.get(0).used().get(column);
    return items.stream()
        .allMatch(
            item ->
                item.brought().contains(column) && Objects.equals(first, item.used().get(column)));
  }
}

package org.llm4msr.server.ranking;

import java.util.List;
import java.util.Set;

/**
 * Which values of a request a source gave; the others are the request's own.
 *
 * @param context columns of the context
 * @param items columns of each item's fields, by place; empty if the source gave none for any
 * @param source what became of asking it
 */
public record Origins(Set<String> context, List<Set<String>> items, SourceReport source) {

  public Origins {
    context = Set.copyOf(context);
    items = List.copyOf(items);
  }

  /** Makes the origins of a request to which the source gave nothing. */
  public static Origins none(SourceReport source) {
    return new Origins(Set.of(), List.of(), source);
  }

  /** Returns the columns of the fields of the item at a place. */
  public Set<String> ofItem(int place) {
    return items.isEmpty() ? Set.of() : items.get(place);
  }
}

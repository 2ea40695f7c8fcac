package org.llm4msr.server.ranking;

import java.util.List;
import java.util.Set;

/**
 * Which values of a request a source gave; the others are the request's own.
 *
 * @param context columns of the context
 * @param items columns of each item's fields, by place
 */
public record Origins(Set<String> context, List<Set<String>> items) {

  public Origins {
    context = Set.copyOf(context);
    items = List.copyOf(items);
  }
}

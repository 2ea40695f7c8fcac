package org.llm4msr.serving.ranker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/** Requests of known users for known items, by turns in all scenarios. */
final class DrawnRequests {

  private static final int ITEMS = 500;

  /** Users and items that follow each other have little in common. */
  private static final long STEP = 7919;

  private final RowEncoder encoder;
  private final RowValues values;
  private final List<ScoringColumn> brought;

  DrawnRequests(RowEncoder encoder) {
    this.encoder = encoder;
    values = encoder.values();
    brought =
        encoder.columns().stream()
            .filter(column -> column.required() && !FieldSource.IDS.contains(column.name()))
            .toList();
  }

  /** Returns a request; equal numbers make equal ones. */
  RankRequest request(int number) {
    List<String> scenarios = encoder.manifest().scenarioKeys();
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < Math.min(ITEMS, encoder.itemKeys().size()); i++) {
      items.add(new RankItem(key(encoder.itemKeys(), (long) number * ITEMS + i)));
    }
    String scenario = scenarios.get(number % scenarios.size());
    Map<String, @Nullable Object> context = new HashMap<>();
    brought.forEach(column -> context.put(column.name(), values.example(column, number)));
    return new RankRequest(key(encoder.userKeys(), number), scenario, items).with(context);
  }

  private static String key(List<String> keys, long number) {
    return keys.isEmpty() ? "" : keys.get((int) (number * STEP % keys.size()));
  }
}

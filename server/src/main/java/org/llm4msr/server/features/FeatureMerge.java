package org.llm4msr.server.features;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RowVectors;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.server.ranking.Origins;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * Adds what a source knows to one request. What the request brings counts before it. If a value of
 * a user or an item cannot be read, nothing of that one is added.
 */
final class FeatureMerge {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final ValueCheck check;
  private final Batch scratch;
  private int read;
  private int unreadable;

  /** Merges for a model. */
  FeatureMerge(ValueCheck check) {
    this.check = check;
    scratch = check.newScratch();
  }

  /** Returns how many of the user and the items have values. */
  int read() {
    return read;
  }

  /** Returns how many of the user and the items have one that cannot be read. */
  int unreadable() {
    return unreadable;
  }

  RankCall merge(RankCall call, FeatureValues values) {
    RankRequest request = call.request();
    unreadable = values.unreadable();
    Map<String, Object> ofUser = readable(values.user(), request.context(), Map.of(), false);
    List<RankItem> items = new ArrayList<>(request.items().size());
    List<Set<String>> origins = new ArrayList<>(items.size());
    for (int place = 0; place < request.items().size(); place++) {
      RankItem item = request.items().get(place);
      Map<String, Object> ofItem =
          readable(values.items().get(place), request.context(), item.fields(), true);
      items.add(ofItem.isEmpty() ? item : new RankItem(item.id(), with(item.fields(), ofItem)));
      origins.add(ofItem.keySet());
    }
    RankRequest merged =
        new RankRequest(
            request.user(),
            request.scenario(),
            ofUser.isEmpty() ? request.context() : with(request.context(), ofUser),
            items,
            request.deadline());
    return call.with(merged, new Origins(ofUser.keySet(), origins));
  }

  private static Map<String, ?> with(Map<String, ?> own, Map<String, Object> more) {
    if (own.isEmpty()) {
      return more;
    }
    Map<String, @Nullable Object> all = new LinkedHashMap<>(more);
    all.putAll(own);
    return all;
  }

  /** Returns the values that the model reads and the request does not bring; none if one is bad. */
  private Map<String, Object> readable(
      Map<String, ?> given, Map<String, ?> context, Map<String, ?> own, boolean ofItem) {
    Map<String, Object> values = Map.of();
    for (Map.Entry<String, ?> entry : given.entrySet()) {
      String name = entry.getKey();
      ScoringColumn column = check.column(name);
      boolean brought = own.containsKey(name) || context.containsKey(name);
      if (column == null || brought || (!ofItem && name.equals(RowVectors.COLUMN))) {
        continue;
      }
      Object value = value(column, entry.getValue());
      if (value == null || check.fault(name, value, scratch) != null) {
        unreadable++;
        return Map.of();
      }
      values = values.isEmpty() ? new HashMap<>() : values;
      values.put(name, value);
    }
    if (!weightsFit(values)) {
      unreadable++;
      return Map.of();
    }
    read += values.isEmpty() ? 0 : 1;
    return values;
  }

  /** Leaves out weights without the list that they are of, and returns whether others fit. */
  private boolean weightsFit(Map<String, Object> values) {
    for (String name : List.copyOf(values.keySet())) {
      String list = check.listOf(name);
      if (list != null && !values.containsKey(list)) {
        values.remove(name);
      }
    }
    return check.weightsFault(values, scratch) == null;
  }

  /** Reads lists that are written as JSON; null where that is none. */
  private static @Nullable Object value(ScoringColumn column, @Nullable Object given) {
    boolean list = column.isList() || column.isHistory() || column.isWeights();
    if (!list || !(given instanceof String text) || !text.startsWith("[")) {
      return given;
    }
    try {
      return JSON.readValue(text, List.class);
    } catch (JsonProcessingException e) {
      return null;
    }
  }
}

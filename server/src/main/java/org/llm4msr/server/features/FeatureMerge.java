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
import org.llm4msr.api.MsrException;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RowVectors;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.server.ranking.Origins;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.ranking.SourceReport;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * Adds what a source knows to one request. What the request brings counts before it. A value that
 * cannot be read is left out.
 */
final class FeatureMerge {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** How texts about single values name the row. */
  private static final String ROW = " in row 0";

  private static final String NOTHING =
      "Column '%s' has null or no JSON in row 0; expected a value, or a list in brackets. Leave out"
          + " what is not known.";

  private final ValueCheck check;
  private final Batch scratch;
  private final List<Unreadable> left = new ArrayList<>();
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

  /** Returns the values that cannot be read, without those of which the source says so. */
  List<Unreadable> left() {
    return left;
  }

  RankCall merge(RankCall call, FeatureValues values) {
    RankRequest request = call.request();
    unreadable = values.unreadable();
    Map<String, Object> ofUser = readable(null, values.user(), request.context());
    List<RankItem> items = new ArrayList<>(request.items().size());
    List<Set<String>> origins = new ArrayList<>(items.size());
    for (int place = 0; place < request.items().size(); place++) {
      RankItem item = request.items().get(place);
      Map<String, Object> ofItem = readable(item, values.items().get(place), request.context());
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
    return call.with(merged, new Origins(ofUser.keySet(), origins, report(values.unreadable())));
  }

  private SourceReport report(int ofTheSource) {
    String outcome = FeatureOutcome.OK.name();
    if (!left.isEmpty()) {
      String more = left.size() == 1 ? "" : " So it is with %d more.".formatted(left.size() - 1);
      return new SourceReport(outcome, left.get(0).code(), left.get(0).message() + more);
    }
    return ofTheSource == 0
        ? new SourceReport(outcome, null, null)
        : new SourceReport(
            outcome,
            "plugin/UNREADABLE",
            "The source could not read %d of the user and the items.".formatted(ofTheSource));
  }

  private static Map<String, ?> with(Map<String, ?> own, Map<String, Object> more) {
    if (own.isEmpty()) {
      return more;
    }
    Map<String, @Nullable Object> all = new LinkedHashMap<>(more);
    all.putAll(own);
    return all;
  }

  /**
   * Returns the values that the model reads and the request does not bring.
   *
   * @param item null for the user
   */
  private Map<String, Object> readable(
      @Nullable RankItem item, Map<String, ?> given, Map<String, ?> context) {
    Map<String, ?> own = item == null ? Map.of() : item.fields();
    Map<String, Object> values = Map.of();
    int before = left.size();
    for (Map.Entry<String, ?> entry : given.entrySet()) {
      String name = entry.getKey();
      ScoringColumn column = check.column(name);
      boolean brought = own.containsKey(name) || context.containsKey(name);
      boolean isVectorOfUser = item == null && name.equals(RowVectors.COLUMN);
      if (column == null || brought || isVectorOfUser) {
        continue;
      }
      Object value = value(column, entry.getValue());
      MsrException fault = value == null ? null : check.fault(name, value, scratch);
      if (value == null) {
        leave(name, item, "data/BAD_VALUE", NOTHING.formatted(name));
      } else if (fault != null) {
        leave(name, item, fault.code(), fault.text());
      } else {
        values = values.isEmpty() ? new HashMap<>() : values;
        values.put(name, value);
      }
    }
    leaveWeights(values, item);
    unreadable += left.size() > before ? 1 : 0;
    read += values.isEmpty() ? 0 : 1;
    return values;
  }

  /** Leaves out weights without the list that they are of, and those that do not fit it. */
  private void leaveWeights(Map<String, Object> values, @Nullable RankItem item) {
    for (String name : List.copyOf(values.keySet())) {
      String list = check.listOf(name);
      if (list == null) {
        continue;
      }
      Object elements = values.get(list);
      Object weights = values.get(name);
      if (elements == null || weights == null) {
        values.remove(name);
        continue;
      }
      MsrException fault = check.weightsFault(Map.of(list, elements, name, weights), scratch);
      if (fault != null) {
        values.remove(name);
        leave(name, item, fault.code(), fault.text());
      }
    }
  }

  private void leave(String column, @Nullable RankItem item, String code, String text) {
    String of = item == null ? " of the user" : " of the item '%s'".formatted(item.id());
    left.add(new Unreadable(column, code, text.replace(ROW, of)));
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

package org.llm4msr.server.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankItem;

/**
 * Writes requests as rows, one an item.
 *
 * @param values of the model
 * @param root of {@link LogColumns}
 */
record LogRows(RowValues values, VectorSchemaRoot root) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Writes a request after the rows that are there.
   *
   * @throws org.llm4msr.api.MsrException as {@link RowValues#of}; nothing is written then
   */
  void add(RankAnswer answer, long time) {
    int before = root.getRowCount();
    int items = answer.result().size();
    List<List<RowValue>> used = new ArrayList<>();
    for (int place = 0; place < items; place++) {
      used.add(used(answer, place));
    }
    for (int place = 0; place < items; place++) {
      int row = before + place;
      set(LogColumns.REQUEST, row, answer.call().id());
      ((BigIntVector) root.getVector(LogColumns.TIME)).setSafe(row, time);
      set(LogColumns.MODEL, row, answer.model());
      set(LogColumns.VERSION, row, answer.version());
      set(LogColumns.DIGEST, row, answer.ranker().digest());
      ((IntVector) root.getVector(LogColumns.PLACE)).setSafe(row, place);
      ((BitVector) root.getVector(LogColumns.UPDATED))
          .setSafe(row, answer.result().hasUpdatedKnowledge() ? 1 : 0);
      set(LogColumns.STATUS, row, answer.result().status(place).name());
      set(RawSchema.USER, row, answer.call().request().user());
      set(RawSchema.SCENARIO, row, answer.call().request().scenario());
      addItem(answer, place, row, used.get(place));
    }
    root.setRowCount(before + items);
  }

  /** Returns what the model reads of an item; nothing of one that cannot be read. */
  private List<RowValue> used(RankAnswer answer, int place) {
    RankItem item = answer.call().request().items().get(place);
    if (item == null || answer.result().status(place) == ItemStatus.MALFORMED) {
      return List.of();
    }
    RowValues.Row row =
        new RowValues.Row(
            answer.call().request().user(),
            answer.call().request().scenario(),
            item.id(),
            answer.call().request().context(),
            item.fields());
    return values.of(row, place);
  }

  private void addItem(RankAnswer answer, int place, int row, List<RowValue> used) {
    RankItem item = answer.call().request().items().get(place);
    set(RawSchema.ITEM, row, item == null ? null : item.id());
    if (item == null || answer.result().status(place) == ItemStatus.MALFORMED) {
      return;
    }
    ((Float4Vector) root.getVector(LogColumns.PROBABILITY))
        .setSafe(row, answer.result().probability(place));
    List<String> labels = answer.result().labels();
    for (int label = 0; label < labels.size(); label++) {
      ((Float4Vector) root.getVector(LogColumns.probability(labels.get(label))))
          .setSafe(row, answer.result().probability(label, place));
    }
    Set<String> brought = new TreeSet<>(answer.call().request().context().keySet());
    brought.addAll(item.fields().keySet());
    brought.retainAll(values.columns().stream().map(ScoringColumn::name).toList());
    set(LogColumns.BROUGHT, row, List.copyOf(brought));
    used.forEach(value -> set(value.column().name(), row, value.value()));
  }

  private void set(String column, int row, @Nullable Object value) {
    FieldVector vector = root.getVector(column);
    if (value == null) {
      vector.setNull(row);
    } else if (vector instanceof ListVector lists) {
      set(lists, row, (List<?>) value);
    } else {
      set(vector, row, value);
    }
  }

  private static void set(ListVector lists, int row, List<?> values) {
    int start = lists.startNewValue(row);
    for (int i = 0; i < values.size(); i++) {
      set(lists.getDataVector(), start + i, values.get(i));
    }
    lists.endValue(row, values.size());
  }

  private static void set(FieldVector vector, int row, Object value) {
    if (vector instanceof Float8Vector numbers) {
      numbers.setSafe(row, ((Number) value).doubleValue());
    } else {
      ((VarCharVector) vector).setSafe(row, text(value).getBytes(UTF_8));
    }
  }

  /** An event is a JSON object, as rows to score may have it. */
  private static String text(Object value) {
    if (!(value instanceof Map<?, ?>)) {
      return value.toString();
    }
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("no text of " + value, e);
    }
  }
}

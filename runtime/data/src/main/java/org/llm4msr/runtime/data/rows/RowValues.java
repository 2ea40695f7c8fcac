package org.llm4msr.runtime.data.rows;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.rows.RowValue.Origin;
import org.llm4msr.runtime.data.rows.RowValue.State;
import org.llm4msr.runtime.tables.Batch;
import org.llm4msr.runtime.tables.FieldValues;

/**
 * Tells what a model reads in each column of a row of a request: what the row brings, in the form
 * in which preparation reads it, else what is stored. A row that brings these values is encoded as
 * the one that they were told of. Thread-safe, and valid as long as it is reachable.
 */
public final class RowValues {

  private final List<ScoringColumn> columns;
  private final Map<String, FieldInput> inputs = new HashMap<>();
  private final Entities users;
  private final Entities items;

  RowValues(List<ScoringColumn> all, List<FieldInput> inputs, Entities users, Entities items) {
    columns = all.stream().filter(column -> !column.isId()).toList();
    inputs.forEach(input -> this.inputs.put(input.field().name(), input));
    this.users = users;
    this.items = items;
  }

  /**
   * A row of a request.
   *
   * @param context what all rows of the request share, by column
   * @param own what the item brings, by column; counts before the context
   */
  public record Row(
      @Nullable Object user,
      @Nullable Object scenario,
      @Nullable Object item,
      Map<String, ?> context,
      Map<String, ?> own) {

    private @Nullable Object id(String column) {
      return switch (column) {
        case RawSchema.USER -> user;
        case RawSchema.ITEM -> item;
        default -> scenario;
      };
    }
  }

  /** Returns the columns that rows have or may have beside those of the ids. */
  public List<ScoringColumn> columns() {
    return columns;
  }

  /** Returns whether items that bring nothing of their own may differ in a column. */
  public boolean isOfItem(ScoringColumn column) {
    FieldInput input = inputs.get(column.name());
    return input != null && input.isOfItem();
  }

  /**
   * Returns the values of a row, in the order of the columns.
   *
   * @param number of the row, for error texts
   * @throws org.llm4msr.api.MsrException {@code data/BAD_VALUE}, {@code data/VECTOR_SIZE} for what
   *     cannot be read; {@code data/MISSING_COLUMN} if the row lacks what the model needs
   */
  public List<RowValue> of(Row row, long number) {
    int user = find(users, row.user(), RawSchema.USER, number);
    int item = find(items, row.item(), RawSchema.ITEM, number);
    List<RowValue> values = new ArrayList<>(columns.size());
    for (ScoringColumn column : columns) {
      String name = column.name();
      if (row.own().containsKey(name)) {
        values.add(read(column, name, row.own().get(name), Origin.ITEM, number));
      } else if (row.context().containsKey(name)) {
        values.add(read(column, name, row.context().get(name), Origin.CONTEXT, number));
      } else {
        values.add(notBrought(column, row, user, item, number));
      }
    }
    return values;
  }

  private static int find(Entities entities, @Nullable Object id, String column, long number) {
    String key = new RawValue(column, number).text(id);
    return key == null ? -1 : entities.find(key);
  }

  private RowValue notBrought(ScoringColumn column, Row row, int user, int item, long number) {
    FieldInput input = inputs.get(column.name());
    if (input == null) {
      return new RowValue(column, null, null, State.MISSING);
    }
    if (input.stored() != null) {
      boolean ofUser = input.stored().ofUser();
      Object value = stored(input, ofUser ? user : item);
      Origin origin = ofUser ? Origin.STORED_USER : Origin.STORED_ITEM;
      return new RowValue(column, value, origin, value == null ? State.MISSING : State.KNOWN);
    }
    if (input.alias() == null) {
      throw new RowException(
          "MISSING_COLUMN",
          number,
          "Row %d has no %s, which the model needs. Give it a value, or null."
              .formatted(number, column.name()));
    }
    return read(column, input.alias(), row.id(input.alias()), Origin.ID, number);
  }

  private RowValue read(
      ScoringColumn column, String from, @Nullable Object raw, Origin origin, long number) {
    RawValue text = new RawValue(from, number);
    Object value;
    boolean known = true;
    if (column.isHistory()) {
      value = raw == null ? null : text.texts(raw);
    } else if (column.isList()) {
      List<String> texts = text.texts(raw);
      value = texts.isEmpty() ? null : texts;
      known = texts.stream().anyMatch(each -> isKnown(column, each));
    } else if (column.isNumber()) {
      double found = text.number(raw);
      value = Double.isFinite(found) ? (Double) found : null; // As a standardised one is 0.
    } else if (column.isVector()) {
      double[] found = raw == null ? null : text.numbers(raw, column.vectorSize());
      value = found == null ? null : DoubleStream.of(found).boxed().toList();
    } else {
      String found = text.text(raw);
      value = found;
      known = found != null && isKnown(column, found);
    }
    State state = value == null ? State.MISSING : known ? State.KNOWN : State.UNKNOWN;
    return new RowValue(column, value, origin, state);
  }

  private boolean isKnown(ScoringColumn column, String text) {
    FieldIds ids = requireNonNull(inputs.get(column.name())).idsOfField();
    return !(ids instanceof FieldIds.Known known) || known.vocabulary().id(text) > 0;
  }

  /** Returns what is stored with a user or an item, -1 for one that is not known. */
  private static @Nullable Object stored(FieldInput input, int number) {
    if (number < 0) {
      return null;
    }
    FieldValues one = Batch.of(1, List.of(input.field().kind())).fields.get(0);
    FieldInput.Stored from = requireNonNull(input.stored());
    from.feature().copy(from.entities().locate(number), one, 0);
    return decoded(input, one);
  }

  /** Returns the raw form of an encoded value; null if it tells nothing. */
  private static @Nullable Object decoded(FieldInput input, FieldValues one) {
    if (one instanceof FieldValues.Ids ids) {
      return ids.ids()[0] == 0 ? null : input.idsOfField().value(ids.ids()[0]);
    }
    if (one instanceof FieldValues.IdLists lists) {
      List<String> texts = new ArrayList<>();
      for (int i = lists.offsets[0]; i < lists.offsets[1]; i++) {
        if (lists.ids[i] > 0) {
          texts.add(input.idsOfField().value(lists.ids[i]).toString());
        }
      }
      return texts.isEmpty() ? null : texts;
    }
    if (one instanceof FieldValues.Numbers numbers) {
      float value = numbers.values()[0];
      return value == 0 ? null : (Double) input.field().raw(value);
    }
    FieldValues.Vectors vectors = (FieldValues.Vectors) one;
    List<Double> numbers = new ArrayList<>();
    boolean any = false;
    for (int k = 0; k < vectors.size(); k++) {
      any |= vectors.values()[k] != 0;
      numbers.add(requireNonNull(input.moments()).raw(k, vectors.values()[k]));
    }
    return any ? numbers : null;
  }
}

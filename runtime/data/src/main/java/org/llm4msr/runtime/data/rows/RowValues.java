package org.llm4msr.runtime.data.rows;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.rows.RowValue.Origin;
import org.llm4msr.runtime.data.rows.RowValue.State;

/**
 * Tells what a model reads in each column of a row of a request: what the row brings, in the form
 * in which preparation reads it, else what is stored. A row that brings these values is encoded as
 * the one that they were told of. Thread-safe, and valid as long as it is reachable.
 */
public final class RowValues {

  private final List<ScoringColumn> columns;

  /** The fields that read a column, of which the first has its name. */
  private final Map<String, List<FieldInput>> inputs = new HashMap<>();

  /** The columns of lists, by those of their weights. */
  private final Map<String, String> lists = new HashMap<>();

  private final Entities users;
  private final Entities items;

  RowValues(List<ScoringColumn> all, List<FieldInput> inputs, Entities users, Entities items) {
    columns = all.stream().filter(column -> !column.isId()).toList();
    inputs.forEach(this::add);
    this.users = users;
    this.items = items;
  }

  private void add(FieldInput input) {
    List<FieldInput> readers = inputs.computeIfAbsent(input.column(), name -> new ArrayList<>());
    boolean isFirst = input.field().name().equals(input.column());
    readers.add(isFirst ? 0 : readers.size(), input);
    String weights = input.weightsColumn();
    if (weights != null) {
      lists.put(weights, input.column());
    }
  }

  private @Nullable FieldInput first(String column) {
    List<FieldInput> readers = inputs.get(lists.getOrDefault(column, column));
    return readers == null ? null : readers.get(0);
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
    FieldInput input = first(column.name());
    return input != null && input.isOfItem();
  }

  /**
   * Returns a value that a row may bring in a column.
   *
   * @param number others make others
   * @return null where the column has none but vectors, pasts or times
   */
  public @Nullable Object example(ScoringColumn column, int number) {
    FieldInput input = first(column.name());
    Object value = input == null || column.isWeights() ? null : input.example(number);
    return value != null && column.isList() ? List.of(value) : value;
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
      String name = lists.getOrDefault(column.name(), column.name());
      if (row.own().containsKey(name)) {
        values.add(read(column, name, row.own(), Origin.ITEM, number));
      } else if (row.context().containsKey(name)) {
        values.add(read(column, name, row.context(), Origin.CONTEXT, number));
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
    FieldInput input = first(column.name());
    if (input == null) {
      return new RowValue(column, null, null, State.MISSING);
    }
    if (input.stored() != null) {
      boolean ofUser = input.stored().ofUser();
      List<FieldInput> readers = requireNonNull(inputs.get(input.column()));
      StoredValue stored = StoredValue.of(readers, ofUser ? user : item);
      Object value = column.isWeights() ? stored.weights() : stored.value();
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
    String alias = input.alias();
    Map<String, @Nullable Object> id = Collections.singletonMap(alias, row.id(alias));
    return read(column, alias, id, Origin.ID, number);
  }

  /**
   * Reads a column.
   *
   * @param from the column that tells it; of weights, that of their list
   * @param brought what is brought together with it, by column
   */
  private RowValue read(
      ScoringColumn column, String from, Map<String, ?> brought, Origin origin, long number) {
    RawValue text = new RawValue(from, number);
    Object raw = brought.get(from);
    Object value;
    boolean known = true;
    if (column.isHistory()) {
      value = raw == null ? null : events(text, raw);
    } else if (column.isWeights()) {
      List<Double> weights = elements(text, raw, brought, column.name()).weights();
      value = weights == null || weights.isEmpty() ? null : weights;
    } else if (column.isList()) {
      List<String> texts = elements(text, raw, brought, weightsColumn(from)).texts();
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

  private static List<Object> events(RawValue text, Object raw) {
    List<Object> events = new ArrayList<>();
    for (Object each : raw instanceof Iterable<?> list ? list : List.of(raw)) {
      GivenEvent event = GivenEvent.read(each, text);
      if (event != null) {
        events.add(event.value());
      }
    }
    return events;
  }

  private @Nullable String weightsColumn(String list) {
    FieldInput input = first(list);
    return input == null ? null : input.weightsColumn();
  }

  private static WeightedTexts elements(
      RawValue list, @Nullable Object raw, Map<String, ?> brought, @Nullable String weights) {
    return weights == null
        ? new WeightedTexts(list.texts(raw), null)
        : WeightedTexts.read(list, raw, weights, brought.get(weights));
  }

  private boolean isKnown(ScoringColumn column, String text) {
    FieldIds ids = requireNonNull(first(column.name())).idsOfField();
    return !(ids instanceof FieldIds.Known known) || known.vocabulary().id(text) > 0;
  }
}

package org.llm4msr.runtime.data.rows;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.FieldSource;

/**
 * Encodes the rows of one request at a time: what they share once, then each item. What an item
 * brings counts before what they share, and that before what is stored. For one thread.
 */
public final class RequestEncoder {

  private final RowBinding binding;
  private final Batch shared;
  private final boolean[] stored;
  private final boolean[] ofItem;
  private final @Nullable ValueCounts[] counts;
  private final RequestRow row;

  /**
   * Makes it.
   *
   * @param counts of what requests bring, by field
   */
  RequestEncoder(RowBinding binding, Map<String, ValueCounts> counts) {
    this.binding = binding;
    this.counts = new ValueCounts[binding.inputs().size()];
    shared = binding.newBatch(1);
    row = new RequestRow(binding.listsByWeights());
    stored = new boolean[binding.inputs().size()];
    ofItem = new boolean[stored.length];
    for (int f = 0; f < stored.length; f++) {
      stored[f] = binding.inputs().get(f).isOfItem();
      this.counts[f] = counts.get(binding.inputs().get(f).field().name());
    }
  }

  /** Returns whether a field is known of each item that is, by the number of the field. */
  public boolean isOfItem(int field) {
    return stored[field];
  }

  /** Makes a batch of at most {@code capacity} rows. */
  public Batch newBatch(int capacity) {
    return binding.newBatch(capacity);
  }

  /**
   * Begins a request.
   *
   * @param context columns that all rows share beside the user and the scenario
   * @param isOfItems whether items bring a column of their own
   * @return one row, of an item that is not known and of which nothing is
   * @throws org.llm4msr.api.MsrException as {@link RowBinding#encode}; {@code data/MISSING_COLUMN}
   *     if neither the context nor an item brings what the model needs
   */
  public Batch begin(
      @Nullable Object user,
      @Nullable Object scenario,
      Map<String, ?> context,
      Predicate<String> isOfItems) {
    row.user = user;
    row.scenario = scenario;
    row.item = null;
    row.context = context;
    row.own = Map.of();
    binding.encodeShared(row, shared);
    for (int f = 0; f < ofItem.length; f++) {
      FieldInput input = binding.inputs().get(f);
      ofItem[f] = isOfItem(input, f, context);
      if (ofItem[f] && input.mustBeBrought() && !isOfItems.test(input.column())) {
        throw DataErrors.data(
            "MISSING_COLUMN",
            "The request has no %s, which the model needs. Give it a value, or null, in the context or in each item."
                .formatted(input.column()));
      }
      if (ofItem[f]) {
        input.clear(shared.fields.get(f), 0);
      } else {
        encodeField(f, 0, shared, 0, context);
      }
    }
    return shared;
  }

  /** A cross is of items if a part is, which comes before it. */
  private boolean isOfItem(FieldInput input, int field, Map<String, ?> context) {
    return input.cross() != null
        ? input.cross().fields().stream().anyMatch(part -> ofItem[part])
        : !input.isBroughtBy(context) && (stored[field] || input.mustBeBrought());
  }

  /** Returns whether the items of the request differ in what is known of them and nothing else. */
  public boolean itemsAreAsStored() {
    return Arrays.equals(ofItem, stored) && !row.context.containsKey(RowVectors.COLUMN);
  }

  /**
   * Returns the index of an item that brings nothing; that after the last if it is not known, and
   * -1 if it reads a vector other than the one that is stored.
   *
   * @param number of the row, for error texts
   * @throws org.llm4msr.api.MsrException {@code data/BAD_VALUE} if it is no id
   */
  public int findStored(@Nullable Object item, long number) {
    row.item = item;
    return binding.findStored(row, 0, number);
  }

  /**
   * Encodes one row of the request. If that fails, the row can be used for another.
   *
   * @param own what the item brings, by column
   * @param number of the row, for error texts
   * @param batch of {@link #newBatch}
   * @param at the row of it, after those before
   * @throws org.llm4msr.api.MsrException as {@link RowBinding#encode}
   */
  public void encode(@Nullable Object item, Map<String, ?> own, long number, Batch batch, int at) {
    row.item = item;
    row.own = own;
    requireLists(own, number);
    batch.scenario[at] = shared.scenario[0];
    takeUser(batch, at);
    binding.encodeItem(row, 0, number, batch, at);
    if (bringsPast(own)) {
      binding.encodePast(row, 0, number, batch, at);
    } else {
      copyPast(batch, at);
    }
    for (int f = 0; f < ofItem.length; f++) {
      if (ofItem[f] || binding.inputs().get(f).isBroughtBy(own)) {
        encodeField(f, number, batch, at, own);
      } else {
        batch.fields.get(f).take(shared.fields.get(f), 0, at);
      }
    }
  }

  /** Refuses weights of an item without its list: they are not those of a shared one. */
  private void requireLists(Map<String, ?> own, long number) {
    for (Map.Entry<String, String> entry : row.lists.entrySet()) {
      if (own.containsKey(entry.getKey()) && !own.containsKey(entry.getValue())) {
        throw RowBinding.withoutList(entry.getKey(), entry.getValue(), number);
      }
    }
  }

  /** Encodes a field, and counts it if it is among the values that are brought now. */
  private void encodeField(int field, long number, Batch batch, int at, Map<String, ?> brought) {
    binding.encodeField(field, row, 0, number, batch, at);
    ValueCounts count = counts[field];
    if (count != null && binding.inputs().get(field).isBroughtBy(brought)) {
      count.count(isKnown(batch.fields.get(field), at));
    }
  }

  private static boolean isKnown(FieldValues values, int row) {
    return values instanceof FieldValues.Ids ids
        ? ids.ids()[row] != 0
        : values instanceof FieldValues.IdLists lists && !lists.hasNoneKnown(row);
  }

  /**
   * Fills a row that is the item's alone in part: its ids, not its fields.
   *
   * @param item index
   */
  public void fill(int item, Batch batch, int at) {
    batch.scenario[at] = shared.scenario[0];
    takeUser(batch, at);
    batch.item[at] = item;
    if (batch.itemVectors != null) {
      batch.itemVectors[at] = null;
    }
    copyPast(batch, at);
  }

  private void takeUser(Batch batch, int at) {
    batch.scenarioVectors = shared.scenarioVectors;
    batch.user[at] = shared.user[0];
    if (batch.userVectors != null && shared.userVectors != null) {
      batch.userVectors[at] = shared.userVectors[0];
    }
  }

  private static boolean bringsPast(Map<String, ?> own) {
    return own.containsKey(RawSchema.TIME) || own.containsKey(GivenHistory.COLUMN);
  }

  private void copyPast(Batch batch, int at) {
    batch.time[at] = shared.time[0];
    if (batch.pasts != null && shared.pasts != null) {
      batch.pasts[at] = shared.pasts[0];
    }
  }

  /** The row that is encoded. */
  private static final class RequestRow implements RawRows {

    private @Nullable Object user;
    private @Nullable Object scenario;
    private @Nullable Object item;
    private Map<String, ?> context = Map.of();
    private Map<String, ?> own = Map.of();

    /** The columns of lists, by those of their weights. */
    private final Map<String, String> lists;

    RequestRow(Map<String, String> lists) {
      this.lists = lists;
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public Set<String> columns() {
      throw new UnsupportedOperationException("rows of requests are read by name");
    }

    @Override
    public boolean has(String column, int index) {
      return FieldSource.IDS.contains(column)
          || own.containsKey(column)
          || (context.containsKey(column) && !isReplaced(column));
    }

    /** The weights of a shared list are not those of an item's own. */
    private boolean isReplaced(String column) {
      String list = lists.get(column);
      return list != null && own.containsKey(list);
    }

    @Override
    public @Nullable Object get(String column, int index) {
      return switch (column) {
        case RawSchema.USER -> user;
        case RawSchema.SCENARIO -> scenario;
        case RawSchema.ITEM -> item;
        default -> own.containsKey(column) ? own.get(column) : context.get(column);
      };
    }
  }
}

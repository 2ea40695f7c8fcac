package org.llm4msr.runtime.data.prepared;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.arrow.TimeColumn;
import org.llm4msr.runtime.data.order.RowOrder;
import org.llm4msr.runtime.data.order.ShuffledOrder;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.order.UserOrder;

/** The columns of one split file, checked against the manifest. Immutable and thread-safe. */
public final class SplitReader {

  private final ArrowFile file;
  private final IdColumn user;
  private final @Nullable IdColumn item;
  private final int unknownItem;
  private final int users;
  private final Split split;
  private final @Nullable TimeColumn time;
  private final @Nullable IdColumn group;
  private final IdColumn scenario;
  private final NumberColumn label;
  private final @Nullable NumberColumn weight;
  private final LabelReader labels;
  private final List<FieldColumn> fields;
  private final List<FieldKind> kinds;

  /**
   * Makes a reader.
   *
   * @param folder holds the vectors of users and items, which their rows do not repeat
   */
  SplitReader(ArrowFile file, Split split, DatasetManifest manifest, Path folder) {
    this.file = file;
    this.split = split;
    group =
        file.has(SplitColumns.GROUP)
            ? new IdColumn(file, SplitColumns.GROUP, Integer.MAX_VALUE)
            : null;
    time = file.has(SplitColumns.TIME) ? new TimeColumn(file, SplitColumns.TIME) : null;
    users = manifest.users();
    user = new IdColumn(file, SplitColumns.USER, users);
    item =
        file.has(SplitColumns.ITEM)
            ? new IdColumn(file, SplitColumns.ITEM, manifest.items())
            : null;
    unknownItem = manifest.items();
    scenario = new IdColumn(file, SplitColumns.SCENARIO, manifest.scenarios().size());
    label = new NumberColumn(file, SplitColumns.LABEL);
    // Data from before there were weights may have a field of that name.
    boolean weighs =
        file.has(SplitColumns.WEIGHT)
            && manifest.fields().stream()
                .noneMatch(field -> field.name().equals(SplitColumns.WEIGHT));
    weight = weighs ? new NumberColumn(file, SplitColumns.WEIGHT) : null;
    labels = new LabelReader(file, manifest.labels());
    fields =
        manifest.fields().stream()
            .map(
                field ->
                    file.has(field.name()) || !(field.kind() instanceof FieldKind.Vector)
                        ? FieldColumn.open(file, field)
                        : FieldColumn.OfEntity.open(file, field, manifest, folder))
            .toList();
    kinds = manifest.fields().stream().map(PreparedField::kind).toList();
  }

  public ArrowFile file() {
    return file;
  }

  /** Refuses rows that do not name their item. */
  IdColumn requireItems() {
    if (item == null) {
      throw DataErrors.data(
          "MISSING_COLUMN",
          "%s has no column %s, which a model that reads the knowledge of items needs. Prepare the data again, or remove what reads it, such as model.itemKnowledge or model.coldItems."
              .formatted(file.path(), SplitColumns.ITEM));
    }
    return item;
  }

  /** Returns the items that have a row. */
  BitSet items() {
    IdColumn column = requireItems();
    BitSet found = new BitSet(unknownItem);
    for (long row = 0; row < file.rows(); row++) {
      found.set(column.get(file.locate(row)));
    }
    return found;
  }

  BatchSource shuffled(TrainingOrder order) {
    return batches(new ShuffledOrder(file, user, order), order.batchSize());
  }

  BatchSource byUser(int batchSize) {
    return batches(new UserOrder(file, user, users), batchSize);
  }

  BatchSource batches(RowOrder order, int batchSize) {
    return new Source(order, batchSize, kinds);
  }

  BatchSource withoutFields(RowOrder order, int batchSize) {
    return new Source(order, batchSize, List.of());
  }

  public Batch newBatch(int capacity) {
    return newBatch(capacity, kinds);
  }

  private Batch newBatch(int capacity, List<FieldKind> fieldKinds) {
    Batch batch = Batch.of(capacity, fieldKinds);
    batch.part = split.number();
    batch.weight = weight == null ? null : new float[capacity];
    batch.labels = labels.newLabels(capacity);
    return batch;
  }

  public void gather(long[] picks, int count, Batch batch) {
    batch.size = count;
    user.gather(picks, count, batch.user);
    if (item == null) {
      Arrays.fill(batch.item, 0, count, unknownItem);
    } else {
      item.gather(picks, count, batch.item);
    }
    if (group == null) {
      Arrays.fill(batch.group, 0, count, 0);
    } else {
      group.gather(picks, count, batch.group);
    }
    scenario.gather(picks, count, batch.scenario);
    label.gather(picks, count, batch.label);
    label.requireLabels(picks, count, batch.label);
    if (weight != null && batch.weight != null) {
      weight.gather(picks, count, batch.weight);
      weight.requireWeights(picks, count, batch.weight);
    }
    labels.gather(picks, count, batch.labels);
    for (int i = 0; i < count; i++) {
      // A row without a time has no past.
      batch.time[i] = time != null && time.has(picks[i]) ? time.get(picks[i]) : Long.MIN_VALUE;
      batch.row[i] = file.row(picks[i]);
    }
    for (int f = 0; f < batch.fields.size(); f++) {
      fields.get(f).gather(picks, count, batch.fields.get(f));
    }
  }

  /** Batches in a given order. */
  private final class Source implements BatchSource {
    private final RowOrder order;
    private final long[] picks;
    private final List<FieldKind> kinds;

    Source(RowOrder order, int batchSize, List<FieldKind> kinds) {
      this.order = order;
      this.picks = new long[batchSize];
      this.kinds = kinds;
    }

    @Override
    public Batch newBatch() {
      return SplitReader.this.newBatch(picks.length, kinds);
    }

    @Override
    public boolean next(Batch batch) {
      int count = order.next(picks);
      if (count == 0) {
        batch.size = 0;
        return false;
      }
      gather(picks, count, batch);
      return true;
    }

    @Override
    public void close() {}
  }
}

package org.llm4msr.runtime.data.inspection;

import java.io.IOException;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.arrow.TimeColumn;
import org.llm4msr.runtime.data.database.ArrowFileSink;
import org.llm4msr.runtime.data.order.RowOrder;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.SplitReader;

/**
 * The rows of one part in the form that a database reads: user, item, scenario, label, time,
 * whether the row is a drawn negative, and its weight. Fields are counted on the way and not passed
 * on.
 */
final class InspectedRows extends ArrowReader {

  private final ArrowFile file;
  private final SplitReader reader;
  private final @Nullable IdColumn items;
  private final @Nullable TimeColumn times;
  private final @Nullable NumberColumn drawn;
  private final List<FieldCounts> fields;
  private final LongConsumer counted;
  private final RowOrder order;
  private final long[] picks;
  private final int[] item;
  private final Batch batch;

  /**
   * Makes a reader.
   *
   * @param fields of this part, in the order of the manifest
   * @param counted told of the rows of each batch
   */
  InspectedRows(
      SplitReader reader,
      DatasetManifest manifest,
      List<FieldCounts> fields,
      LongConsumer counted,
      BufferAllocator allocator) {
    super(allocator);
    this.file = reader.file();
    this.reader = reader;
    this.items =
        file.has(SplitColumns.ITEM)
            ? new IdColumn(file, SplitColumns.ITEM, manifest.items())
            : null;
    this.times = file.has(SplitColumns.TIME) ? new TimeColumn(file, SplitColumns.TIME) : null;
    this.drawn = file.has(SplitColumns.DRAWN) ? new NumberColumn(file, SplitColumns.DRAWN) : null;
    this.fields = fields;
    this.counted = counted;
    this.order = new RowOrder.Sequential(file);
    int numbers =
        manifest.fields().stream()
            .map(PreparedField::kind)
            .mapToInt(kind -> kind instanceof FieldKind.Vector vector ? vector.size() : 0)
            .sum();
    this.picks = new long[ArrowFileSink.blockRows(numbers)];
    this.item = new int[picks.length];
    this.batch = reader.newBatch(picks.length);
  }

  @Override
  protected Schema readSchema() {
    return new Schema(
        List.of(
            column("u", new ArrowType.Int(32, true)),
            column("i", new ArrowType.Int(32, true)),
            column("s", new ArrowType.Int(32, true)),
            column("y", new ArrowType.Int(8, true)),
            column("t", new ArrowType.Int(64, true)),
            column("d", new ArrowType.Int(8, true)),
            column("w", new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE))));
  }

  private static Field column(String name, ArrowType type) {
    return new Field(name, FieldType.nullable(type), null);
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    prepareLoadNextBatch();
    int count = order.next(picks);
    if (count == 0) {
      return false;
    }
    reader.gather(picks, count, batch);
    for (int f = 0; f < fields.size(); f++) {
      fields.get(f).count(batch.fields.get(f), batch.label, count);
    }
    fill(count);
    counted.accept(count);
    return true;
  }

  private void fill(int count) throws IOException {
    if (items != null) {
      items.gather(picks, count, item);
    }
    IntVector users = (IntVector) column(0, count);
    IntVector itemsOut = (IntVector) column(1, count);
    IntVector scenarios = (IntVector) column(2, count);
    TinyIntVector labels = (TinyIntVector) column(3, count);
    BigIntVector timesOut = (BigIntVector) column(4, count);
    TinyIntVector drawnOut = (TinyIntVector) column(5, count);
    Float4Vector weights = (Float4Vector) column(6, count);
    for (int i = 0; i < count; i++) {
      users.set(i, batch.user[i]);
      scenarios.set(i, batch.scenario[i]);
      labels.set(i, (int) batch.label[i]);
      if (items == null) {
        itemsOut.setNull(i);
      } else {
        itemsOut.set(i, item[i]);
      }
      if (times == null || !times.has(picks[i])) {
        timesOut.setNull(i);
      } else {
        timesOut.set(i, times.get(picks[i]));
      }
      if (drawn == null) {
        drawnOut.setNull(i);
      } else {
        drawnOut.set(i, (int) drawn.get(picks[i]));
      }
      if (batch.weight == null) {
        weights.setNull(i);
      } else {
        weights.set(i, batch.weight[i]);
      }
    }
    getVectorSchemaRoot().setRowCount(count);
  }

  private FieldVector column(int number, int count) throws IOException {
    FieldVector vector = getVectorSchemaRoot().getVector(number);
    vector.setInitialCapacity(count);
    vector.allocateNew();
    return vector;
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() {}
}

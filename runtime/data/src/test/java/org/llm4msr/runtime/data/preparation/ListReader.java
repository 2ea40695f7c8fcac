package org.llm4msr.runtime.data.preparation;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/**
 * A reader of rows held in lists; values are Long, Double, Instant, String or lists of String or
 * Double.
 */
public final class ListReader implements DatasetReader {

  public final Map<RawTable, Map<String, List<?>>> tables = new EnumMap<>(RawTable.class);
  final List<RawField> fields = new ArrayList<>();
  final List<Path> sources = new ArrayList<>();
  List<RawScenario> scenarios = List.of();
  List<String> userText = List.of();
  List<String> itemText = List.of();
  List<String> labels = List.of();
  int batchRows = 3;

  /** What users had chosen before, by column; null if the data does not say. */
  @Nullable Map<String, List<?>> past;

  /** The rows of users and items in their files. */
  Map<String, List<LeftOutRows.Example>> rows = Map.of();

  public ListReader table(RawTable table, Object... namesAndValues) {
    Map<String, List<?>> columns = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      columns.put((String) namesAndValues[i], (List<?>) namesAndValues[i + 1]);
    }
    tables.put(table, columns);
    return this;
  }

  public ListReader field(String name, RawTable table, FieldKind kind) {
    fields.add(new RawField(name, table, name, FieldRole.CONTEXT, kind));
    return this;
  }

  @Override
  public RawSchema schema() {
    Map<String, List<?>> interactions = tables.get(RawTable.INTERACTIONS);
    return new RawSchema(
        List.copyOf(tables.keySet()),
        fields,
        interactions.containsKey(RawSchema.TIME),
        interactions.containsKey(RawSchema.SPLIT),
        interactions.containsKey(RawSchema.GROUP),
        userText,
        itemText,
        "label as given",
        interactions.containsKey(RawSchema.WEIGHT),
        labels);
  }

  @Override
  public List<RawScenario> scenarios() {
    return scenarios;
  }

  @Override
  public List<Path> sources() {
    return sources;
  }

  @Override
  public ArrowReader open(RawTable table, BufferAllocator allocator) {
    return new Reader(tables.get(table), allocator);
  }

  @Override
  public Optional<ArrowReader> openPast(BufferAllocator allocator) {
    return Optional.ofNullable(past).map(columns -> new Reader(columns, allocator));
  }

  @Override
  public Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
    Map<String, List<LeftOutRows.Example>> found = new LinkedHashMap<>(rows);
    found.keySet().retainAll(keys);
    return found;
  }

  @Override
  public void close() {}

  private final class Reader extends ArrowReader {
    private final Map<String, List<?>> columns;
    private int row;

    Reader(Map<String, List<?>> columns, BufferAllocator allocator) {
      super(allocator);
      this.columns = columns;
    }

    @Override
    protected Schema readSchema() {
      List<Field> result = new ArrayList<>();
      columns.forEach((name, values) -> result.add(field(name, values)));
      return new Schema(result);
    }

    private Field field(String name, List<?> values) {
      Object first = null;
      for (Object value : values) {
        first = first == null ? value : first;
      }
      if (first instanceof Long) {
        return Field.nullable(name, new ArrowType.Int(64, true));
      }
      if (first instanceof Double) {
        return Field.nullable(name, new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE));
      }
      if (first instanceof Instant) {
        return Field.nullable(name, new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC"));
      }
      if (first instanceof List) {
        boolean numbers = ((List<?>) first).stream().anyMatch(Double.class::isInstance);
        ArrowType type =
            numbers
                ? new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)
                : ArrowType.Utf8.INSTANCE;
        Field element = Field.nullable("item", type);
        return new Field(
            name, FieldType.nullable(ArrowType.List.INSTANCE), new ArrayList<>(List.of(element)));
      }
      return Field.nullable(name, ArrowType.Utf8.INSTANCE);
    }

    @Override
    public boolean loadNextBatch() throws java.io.IOException {
      prepareLoadNextBatch();
      int rows = columns.values().iterator().next().size();
      if (row >= rows) {
        return false;
      }
      int count = Math.min(batchRows, rows - row);
      VectorSchemaRoot root = getVectorSchemaRoot();
      root.allocateNew();
      int column = 0;
      for (List<?> values : columns.values()) {
        for (int i = 0; i < count; i++) {
          set(root.getVector(column), i, values.get(row + i));
        }
        column++;
      }
      root.setRowCount(count);
      row += count;
      return true;
    }

    private void set(FieldVector vector, int at, Object value) {
      if (value instanceof RuntimeException failure) {
        throw failure;
      }
      if (value == null) {
        vector.setNull(at);
      } else if (vector instanceof BigIntVector longs) {
        longs.setSafe(at, (Long) value);
      } else if (vector instanceof Float8Vector doubles) {
        doubles.setSafe(at, (Double) value);
      } else if (vector instanceof TimeStampMilliTZVector times) {
        times.setSafe(at, ((Instant) value).toEpochMilli());
      } else if (vector instanceof VarCharVector texts) {
        texts.setSafe(at, ((String) value).getBytes(StandardCharsets.UTF_8));
      } else {
        ListVector lists = (ListVector) vector;
        int start = lists.startNewValue(at);
        List<?> elements = (List<?>) value;
        for (int i = 0; i < elements.size(); i++) {
          set(lists.getDataVector(), start + i, elements.get(i));
        }
        lists.endValue(at, elements.size());
      }
    }

    @Override
    public long bytesRead() {
      return 0;
    }

    @Override
    protected void closeReadSource() {}
  }
}

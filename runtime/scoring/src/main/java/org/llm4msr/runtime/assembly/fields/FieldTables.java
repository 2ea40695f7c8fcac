package org.llm4msr.runtime.assembly.fields;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Field;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.Partition;
import org.llm4msr.runtime.tables.TableSequence;
import org.llm4msr.runtime.tables.Workers;

/** Which tables a model has: one for each vocabulary, number and vector, as wide as configured. */
public final class FieldTables {

  static final String SIZES = "model.embeddingSizes";

  /** What follows the name of a table in that of its first-order weights. */
  private static final String LINEAR = " (linear)";

  private final List<PreparedField> fields;
  private final boolean linear;
  private final int added;
  private final int usual;
  private final double deviation;

  /** D by table, where it is not the usual one. */
  private final Map<String, Integer> sizes = new HashMap<>();

  /**
   * Reads the sizes of the fields.
   *
   * @throws MsrException model/EMBEDDING_SIZES where a field is not there, or fields of one
   *     vocabulary get two sizes
   */
  public FieldTables(ModelConfig model, List<PreparedField> fields) {
    this.fields = List.copyOf(fields);
    linear = model.linear();
    added = model.coldItems() == null ? 0 : 1;
    usual = model.embeddingSize();
    deviation = model.embeddingDeviation();
    model.embeddingSizes().forEach(this::add);
  }

  private void add(String name, int size) {
    PreparedField named =
        fields.stream()
            .filter(field -> field.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    wrong(
                        "names the field '%s', which the data does not have; it has %s"
                            .formatted(name, fields.stream().map(PreparedField::name).toList())));
    Integer other = sizes.put(named.tableName(), size);
    if (other != null && other != size) {
      throw wrong(
          "gives the vocabulary '%s', which several fields share, the sizes %d and %d"
              .formatted(named.tableName(), Math.min(other, size), Math.max(other, size)));
    }
  }

  private static MsrException wrong(String what) {
    return new MsrException(
        ErrorType.USER,
        "model/EMBEDDING_SIZES",
        "%s %s. Fix the section model.".formatted(SIZES, what));
  }

  /** Returns D, the numbers of a field's vectors. */
  public int width(PreparedField field) {
    return sizes.getOrDefault(field.tableName(), usual);
  }

  /** Returns where the fields lie in the flat input. */
  public List<Field> layout() {
    List<Field> layout = new ArrayList<>();
    int offset = 0;
    for (PreparedField field : fields) {
      int width = width(field);
      layout.add(new Field(field.name(), field.role(), field.kind(), offset, width));
      offset += width;
    }
    return layout;
  }

  /** Returns the numbers of each table, with those of its first-order weights, by its name. */
  public Map<String, Long> numbers() {
    Map<String, Long> numbers = new LinkedHashMap<>();
    for (PreparedField field : fields) {
      int ofRow = width(field) + (linear ? 1 : 0);
      numbers.put(field.tableName(), (long) field.tableRows() * ofRow);
    }
    return numbers;
  }

  /**
   * Makes the tables, whose initial values depend on the seed and their names.
   *
   * @param stateSlots numbers of the optimiser beside each of theirs
   * @param mkl whether MKL multiplies vectors, or Java
   * @param partition which rows of tables with ids are there; numbers and vectors have theirs whole
   * @param sequences makes of the tables of the fields what else reads them
   */
  public EmbeddingTables make(
      long seed,
      int stateSlots,
      Workers workers,
      boolean mkl,
      Partition partition,
      Function<List<EmbeddingTable>, List<TableSequence>> sequences) {
    Map<String, EmbeddingTable> made = new HashMap<>();
    List<EmbeddingTable> vectors = new ArrayList<>();
    List<EmbeddingTable> weights = new ArrayList<>();
    for (PreparedField field : fields) {
      String name = field.tableName();
      vectors.add(
          made.computeIfAbsent(name, n -> table(n, field, width(field), stateSlots, partition)));
    }
    made.values().forEach(table -> table.initialize(seed, deviation, workers));
    Map<String, EmbeddingTable> madeWeights = new HashMap<>();
    for (PreparedField field : linear ? fields : List.<PreparedField>of()) {
      String name = field.tableName() + LINEAR;
      weights.add(
          madeWeights.computeIfAbsent(name, n -> table(n, field, 1, stateSlots, partition)));
    }
    madeWeights.values().forEach(table -> table.initialize(seed, workers));
    return new EmbeddingTables(vectors, weights, sequences.apply(vectors), mkl, added);
  }

  private static EmbeddingTable table(
      String name, PreparedField field, int width, int stateSlots, Partition partition) {
    Partition own = field.hasIds() ? partition : Partition.WHOLE;
    return new EmbeddingTable(name, field.tableRows(), width, stateSlots, own);
  }
}

package org.llm4msr.runtime.assembly;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.past.HistoryFile;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.model.DenseBuffer;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.runtime.tables.TableFile;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * What a model has learned, in a folder: {@code dense.safetensors}, parameters and buffers by name,
 * and {@code tables/*.arrow}, one file per table, which fields may share, one of its first-order
 * weights where the model has them, and one per sequence with a table of its own.
 */
public final class ModelFiles {

  /** Parameters and buffers. */
  public static final String DENSE = "dense.safetensors";

  private static final String TABLES = "tables";
  private static final String SEQUENCE = "~sequence.arrow";

  private ModelFiles() {}

  /**
   * Writes a model and forces it to the disk; on the engine's thread.
   *
   * @param folder exists and holds neither
   * @param withState whether the tables' optimiser state is written too
   */
  public static void write(TrainableModel model, Path folder, boolean withState)
      throws IOException {
    SafetensorsWriter.write(folder.resolve(DENSE), dense(model));
    Files.createDirectory(folder.resolve(TABLES));
    for (Map.Entry<String, EmbeddingTable> table : tables(model.assembled()).entrySet()) {
      TableFile.write(table.getValue(), folder.resolve(table.getKey()), withState);
    }
    DurableFiles.forceFolder(folder.resolve(TABLES));
  }

  /** Writes how the model's knowledge is standardised; nothing where it reads none. */
  public static void writeScaling(TrainableModel model, Path file) throws IOException {
    ModelKnowledge knowledge = model.knowledge();
    if (knowledge != null) {
      knowledge.scaling().write(file);
    }
  }

  /** Returns the events of users that the model reads; null where it reads none. */
  public static @Nullable EventLogs events(TrainableModel model) {
    ModelKnowledge knowledge = model.knowledge();
    ModelHistory history = knowledge == null ? null : knowledge.history();
    SequenceInputs sequences = model.assembled().sequences().inputs();
    EventLogs ofSequences = sequences == null ? null : sequences.events();
    if (ofSequences != null) { // All that the model reads, whatever reads it.
      return ofSequences;
    }
    return history == null ? null : new EventLogs(history.logs());
  }

  /** Writes the events of users that the model reads; nothing where it reads none. */
  public static void writeHistory(TrainableModel model, Path file) throws IOException {
    EventLogs events = events(model);
    if (events != null) {
      HistoryFile.write(events, file);
    }
  }

  /** Puts what was written into a model of the same settings; on the engine's thread. */
  public static void read(TrainableModel model, Path folder) throws IOException {
    read(model.assembled(), folder);
  }

  static void read(AssembledModel model, Path folder) throws IOException {
    Map<String, float[]> values = new HashMap<>();
    Path dense = folder.resolve(DENSE);
    Safetensors.read(dense).forEach((key, tensor) -> values.put(key, tensor.values().array()));
    model.parameters().restore(new ParameterSnapshot(dense.toString(), values));
    for (Map.Entry<String, EmbeddingTable> table : tables(model).entrySet()) {
      TableFile.read(table.getValue(), folder.resolve(table.getKey()));
    }
  }

  /** Returns the tables of a model by their places in the folder. */
  public static Map<String, EmbeddingTable> tables(TrainableModel model) {
    return tables(model.assembled());
  }

  private static Map<String, EmbeddingTable> tables(AssembledModel model) {
    Map<String, EmbeddingTable> tables = new LinkedHashMap<>();
    List<EmbeddingTable> vectors = model.tables().tables();
    List<EmbeddingTable> linear = model.tables().linear();
    for (int field = 0; field < vectors.size(); field++) {
      String name = vectors.get(field).name();
      tables.put(tableFile(name), vectors.get(field));
      if (!linear.isEmpty()) {
        tables.put(linearFile(name), linear.get(field));
      }
    }
    model
        .sequences()
        .ownTables(model.tables())
        .forEach((name, table) -> tables.put(sequenceFile(name), table));
    return tables;
  }

  /**
   * Returns the rows that the tables of a model have with other data, by their places in the
   * folder.
   *
   * @param fields those of the other data
   */
  public static Map<String, Integer> rows(TrainableModel model, List<PreparedField> fields) {
    Map<String, Integer> rows = new HashMap<>();
    for (PreparedField field : fields) {
      rows.put(tableFile(field.tableName()), field.tableRows());
      rows.put(linearFile(field.tableName()), field.tableRows());
    }
    model
        .assembled()
        .sequences()
        .ownRows(fields)
        .forEach((name, count) -> rows.put(sequenceFile(name), count));
    return rows;
  }

  /** Returns the place of a table in the folder. */
  public static String tableFile(String table) {
    return TABLES + "/" + URLEncoder.encode(table, StandardCharsets.UTF_8) + ".arrow";
  }

  /** Returns the place of a table's first-order weights; no encoded name has a tilde. */
  public static String linearFile(String table) {
    return TABLES + "/" + URLEncoder.encode(table, StandardCharsets.UTF_8) + "~linear.arrow";
  }

  /** Returns the place of a table that a sequence has for itself. */
  public static String sequenceFile(String sequence) {
    return TABLES + "/" + sequence + SEQUENCE;
  }

  private static List<Tensor> dense(TrainableModel model) {
    List<Tensor> tensors = new ArrayList<>();
    for (DenseParameter parameter : model.parameters().parameters()) {
      tensors.add(
          new Tensor(parameter.name(), sizes(parameter.shape().getShape()), parameter.values()));
    }
    Map<String, float[]> buffers = model.parameters().bufferValues();
    for (DenseBuffer buffer : model.parameters().buffers()) {
      FloatBuffer values = FloatBuffer.wrap(buffers.get(buffer.name()));
      tensors.add(new Tensor(buffer.name(), sizes(buffer.shape().getShape()), values));
    }
    return tensors;
  }

  private static List<Long> sizes(long[] shape) {
    return LongStream.of(shape).boxed().toList();
  }
}

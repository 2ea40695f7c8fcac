package org.llm4msr.runtime.assembly;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.knowledge.history.HistoryFile;
import org.llm4msr.runtime.knowledge.history.ModelHistory;
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
 * and {@code tables/*.arrow}, one file per field.
 */
public final class ModelFiles {

  /** Parameters and buffers. */
  public static final String DENSE = "dense.safetensors";

  private static final String TABLES = "tables";

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
    for (EmbeddingTable table : model.tables().tables()) {
      TableFile.write(table, folder.resolve(tableFile(table.name())), withState);
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

  /** Writes the events of users that the model reads; nothing where it reads none. */
  public static void writeHistory(TrainableModel model, Path file) throws IOException {
    ModelKnowledge knowledge = model.knowledge();
    ModelHistory history = knowledge == null ? null : knowledge.history();
    if (history != null) {
      HistoryFile.write(history.logs(), file);
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
    for (EmbeddingTable table : model.tables().tables()) {
      TableFile.read(table, folder.resolve(tableFile(table.name())));
    }
  }

  /** Returns the place of a field's table in the folder. */
  public static String tableFile(String field) {
    return TABLES + "/" + URLEncoder.encode(field, StandardCharsets.UTF_8) + ".arrow";
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

package org.llm4msr.runtime.bundle;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.ModelFiles;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.data.prepared.ItemIds;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;

/**
 * Writes the embeddings of a bundle for other tools: one Arrow IPC file per field with {@code id}
 * (int32), {@code value} (utf8; a range for buckets of numbers, a bucket for hashed values; null
 * for id 0, out of vocabulary, and for the one vector of a number) and {@code vector} (fixed-size
 * list of float32). Fields that share a table have equal files. A model with a linear part also has
 * {@code FIELD~linear.arrow} with a weight for a vector, and a sequence with a table of its own
 * {@code NAME~sequence.arrow}.
 */
public final class EmbeddingExport {

  private final Bundle bundle;
  private final PreparedIds ids;

  /** Opens the bundle's values. */
  public EmbeddingExport(Bundle bundle) {
    this.bundle = bundle;
    this.ids = PreparedIds.open(bundle.data());
  }

  /**
   * Writes some fields.
   *
   * @param names of the fields, or {@code sequence.NAME} for the table of a sequence; empty for all
   * @param folder made if there is none; files in it are replaced
   * @return the files
   * @throws MsrException {@code export/UNKNOWN_FIELD} if the model has no such field
   */
  public List<Path> write(List<String> names, Path folder) {
    List<PreparedField> fields = ids.manifest().fields();
    Map<String, PreparedField> sequences = sequences();
    List<String> known = new ArrayList<>(fields.stream().map(PreparedField::name).toList());
    sequences.keySet().forEach(name -> known.add(SequencePlan.PREFIX + name));
    for (String name : names) {
      if (!known.contains(name)) {
        throw new MsrException(
            ErrorType.USER,
            "export/UNKNOWN_FIELD",
            "The model has no field '%s'; it has %s.".formatted(name, String.join(", ", known)));
      }
    }
    List<Path> files = new ArrayList<>();
    try {
      Files.createDirectories(folder);
      for (PreparedField field : fields) {
        if (names.isEmpty() || names.contains(field.name())) {
          String table = field.tableName();
          String name = URLEncoder.encode(field.name(), StandardCharsets.UTF_8);
          files.add(write(field, ModelFiles.tableFile(table), folder, name + ".arrow"));
          String linear = ModelFiles.linearFile(table);
          if (Files.exists(bundle.folder().resolve(linear))) {
            files.add(write(field, linear, folder, name + "~linear.arrow"));
          }
        }
      }
      for (Map.Entry<String, PreparedField> sequence : sequences.entrySet()) {
        String name = sequence.getKey();
        if (names.isEmpty() || names.contains(SequencePlan.PREFIX + name)) {
          String table = ModelFiles.sequenceFile(name);
          files.add(write(sequence.getValue(), table, folder, name + "~sequence.arrow"));
        }
      }
      return files;
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "export/NOT_WRITTEN",
          "Embeddings could not be written to %s: %s. Make room or choose another folder, and run it again: files that already exist are complete."
              .formatted(folder, FileErrors.reason(e)),
          e,
          true);
    }
  }

  /** Returns the sequences with tables of their own, by the field whose values they have. */
  private Map<String, PreparedField> sequences() {
    Map<String, PreparedField> own = new TreeMap<>();
    if (bundle.manifest().config().get("model") instanceof Map<?, ?> model
        && model.get("sequences") instanceof Map<?, ?> sequences) {
      sequences.forEach(
          (name, value) -> {
            if (value instanceof Map<?, ?> sequence
                && Boolean.TRUE.equals(sequence.get("ownTable"))) {
              own.put((String) name, field(sequence));
            }
          });
    }
    return own;
  }

  private PreparedField field(Map<?, ?> sequence) {
    String itemField =
        new ItemIds(bundle.data(), ids.manifest()).field().map(PreparedField::name).orElse(null);
    String of = sequence.get("of") instanceof String name ? name : null;
    String table = sequence.get("table") instanceof String name ? name : null;
    return SequencePlan.idsOf(of, table, ids.manifest().fields(), itemField).orElseThrow();
  }

  private Path write(PreparedField field, String tableFile, Path folder, String name)
      throws IOException {
    Path target = folder.resolve(name);
    Path unfinished = folder.resolve(name + ".tmp");
    Path table = bundle.folder().resolve(tableFile);
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel in = FileChannel.open(table, StandardOpenOption.READ);
        ArrowFileReader reader = new ArrowFileReader(in, allocator);
        VectorSchemaRoot root =
            VectorSchemaRoot.create(schema(reader.getVectorSchemaRoot()), allocator);
        FileChannel out =
            FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, out)) {
      writer.start();
      List<String> values = ids.names(field);
      int first = 0;
      while (reader.loadNextBatch()) {
        fill(root, reader.getVectorSchemaRoot(), values, first);
        writer.writeBatch();
        first += root.getRowCount();
      }
      writer.end();
      out.force(true);
    } catch (IOException e) {
      DurableFiles.discard(unfinished, e);
      throw e;
    }
    Files.move(
        unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return target;
  }

  private static void fill(
      VectorSchemaRoot root, VectorSchemaRoot table, List<String> values, int first) {
    int rows = table.getRowCount();
    IntVector id = (IntVector) root.getVector("id");
    VarCharVector value = (VarCharVector) root.getVector("value");
    id.allocateNew(rows);
    value.allocateNew();
    for (int row = 0; row < rows; row++) {
      int number = first + row;
      id.set(row, number);
      if (number > 0 && number <= values.size()) {
        value.setSafe(row, values.get(number - 1).getBytes(StandardCharsets.UTF_8));
      }
    }
    FieldVector vector = table.getVector("weight");
    vector.makeTransferPair(root.getVector("vector")).transfer();
    root.setRowCount(rows);
  }

  private static Schema schema(VectorSchemaRoot table) {
    Field weight = table.getVector("weight").getField();
    return new Schema(
        List.of(
            new Field("id", FieldType.notNullable(new ArrowType.Int(32, true)), null),
            Field.nullable("value", new ArrowType.Utf8()),
            new Field("vector", weight.getFieldType(), weight.getChildren())));
  }
}

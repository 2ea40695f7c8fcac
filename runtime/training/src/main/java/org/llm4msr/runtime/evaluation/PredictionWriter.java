package org.llm4msr.runtime.evaluation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.labels.ModelLabel;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.database.ArrowConversion;
import org.llm4msr.runtime.data.keys.RowKeys;
import org.llm4msr.runtime.data.rows.RowFile;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.Scratch;

/**
 * Writes the prediction of every row to an Arrow IPC file, Parquet or CSV, as the name says: {@code
 * row} (int64, its number in the split), {@code user} (int32, index into {@code users.arrow}),
 * {@code scenario} (int32, rank; the metadata key {@code scenarios} lists the keys, one per line),
 * {@code label} (int8), {@code probability} (float32), and the raw ids {@code user_key}, {@code
 * item_key}, {@code scenario_key} and {@code group_key} (utf8; item and group are null where the
 * data has none). For each further label of the model follow {@code label_NAME} (int8, null where
 * it is not known) and {@code probability_NAME} (float32). The file gets its name only once it is
 * complete.
 */
public final class PredictionWriter implements AutoCloseable {

  /** Metadata key of files whose metrics do not measure the model. */
  public static final String LEAK = "llm4msr.leakFutureInteractions";

  private static final String LABEL = "label_";
  private static final String PROBABILITY = "probability_";
  private static final ArrowType INT = new ArrowType.Int(32, true);

  private static final List<Field> NUMBERS =
      List.of(
          field("row", new ArrowType.Int(64, true)),
          field("user", INT),
          field("scenario", INT),
          field("label", new ArrowType.Int(8, true)),
          field("probability", new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)));

  private static final List<Field> KEYS =
      List.of(
          field("user_key", ArrowType.Utf8.INSTANCE),
          Field.nullable("item_key", ArrowType.Utf8.INSTANCE),
          field("scenario_key", ArrowType.Utf8.INSTANCE),
          Field.nullable("group_key", ArrowType.Utf8.INSTANCE));

  private final Path target;
  private final ArrowConversion.Format format;
  private final Path partial;
  private final Path converted;
  private final List<String> scenarios;
  private final RowKeys keys;
  private final ModelLabels labels;
  private final BufferAllocator allocator = new RootAllocator();
  private final VectorSchemaRoot root;
  private final FileChannel channel;
  private final ArrowFileWriter writer;
  private boolean closed;

  /**
   * Begins a file of the predictions of one label.
   *
   * @throws MsrException as the other constructor
   */
  public PredictionWriter(
      Path target, List<String> scenarios, RowKeys keys, boolean leakFutureInteractions) {
    this(target, scenarios, keys, leakFutureInteractions, ModelLabels.NONE);
  }

  /**
   * Begins a file.
   *
   * @param scenarios the scenarios' keys, by rank
   * @param keys of the rows
   * @param leakFutureInteractions whether the model's prompts revealed these rows; if so, the
   *     metadata key {@value #LEAK} is {@code true}
   * @param labels further ones of the model
   * @throws MsrException as {@link #requireFree}, of type RESOURCES if it cannot be written
   */
  public PredictionWriter(
      Path target,
      List<String> scenarios,
      RowKeys keys,
      boolean leakFutureInteractions,
      ModelLabels labels) {
    this.target = target;
    this.labels = labels;
    this.scenarios = List.copyOf(scenarios);
    this.keys = keys;
    requireFree(target);
    format = ArrowConversion.Format.of(target);
    partial = target.resolveSibling(target.getFileName() + ".tmp-" + UUID.randomUUID());
    converted = target.resolveSibling(partial.getFileName() + ".converted");
    root =
        VectorSchemaRoot.create(
            schema(scenarios, leakFutureInteractions, labels.names()), allocator);
    try {
      channel = FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      root.close();
      allocator.close();
      throw failed(e);
    }
    writer = new ArrowFileWriter(root, null, channel);
  }

  /**
   * Appends the rows of a batch with all labels, as one record batch.
   *
   * @param probability of the main label; its first {@code batch.size} elements are read
   * @param further those of the further labels of the model, by label
   */
  public void add(Batch batch, float[] probability, float[][] further) {
    fill(batch.size, batch.row, batch.user, batch.scenario, batch.label, probability);
    float[][] known = batch.labels;
    for (int l = 0; l < further.length; l++) {
      ModelLabel label = labels.labels().get(l);
      TinyIntVector values = (TinyIntVector) root.getVector(LABEL + label.name());
      Float4Vector probabilities = (Float4Vector) root.getVector(PROBABILITY + label.name());
      for (int i = 0; i < batch.size; i++) {
        float value = known == null ? Float.NaN : known[label.column()][i];
        if (!Float.isNaN(value)) {
          values.set(i, (int) value);
        }
        probabilities.set(i, further[l][i]);
      }
    }
    write(batch.size);
  }

  /** Appends rows, the first {@code n} of each array, as one record batch. */
  public void add(
      int n, long[] row, int[] user, int[] scenario, float[] label, float[] probability) {
    fill(n, row, user, scenario, label, probability);
    write(n);
  }

  private void fill(
      int n, long[] row, int[] user, int[] scenario, float[] label, float[] probability) {
    BigIntVector rows = (BigIntVector) root.getVector("row");
    IntVector users = (IntVector) root.getVector("user");
    IntVector ranks = (IntVector) root.getVector("scenario");
    TinyIntVector labels = (TinyIntVector) root.getVector("label");
    Float4Vector probabilities = (Float4Vector) root.getVector("probability");
    root.clear();
    root.getFieldVectors().forEach(vector -> vector.setInitialCapacity(n));
    root.allocateNew();
    for (int i = 0; i < n; i++) {
      rows.set(i, row[i]);
      users.set(i, user[i]);
      ranks.set(i, scenario[i]);
      labels.set(i, (int) label[i]);
      probabilities.set(i, probability[i]);
      setText("user_key", i, keys.user(user[i]));
      setText("item_key", i, keys.item(row[i]));
      setText("scenario_key", i, scenarios.get(scenario[i]));
      setText("group_key", i, keys.group(row[i]));
    }
  }

  private void write(int n) {
    root.setRowCount(n);
    try {
      writer.writeBatch();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void setText(String column, int at, @Nullable String text) {
    if (text != null) {
      ((VarCharVector) root.getVector(column)).setSafe(at, text.getBytes(UTF_8));
    }
  }

  /** Completes the file and gives it its name. */
  public void finish() {
    try {
      writer.end();
      channel.force(true);
      release();
      Files.move(
          inFormat(), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private Path inFormat() throws IOException {
    if (format == ArrowConversion.Format.ARROW) {
      return partial;
    }
    try (Scratch scratch = scratch()) {
      ArrowConversion.convert(partial, converted, format, scratch.scratch());
    }
    DurableFiles.force(converted);
    return converted;
  }

  private static Scratch scratch() {
    return new Scratch(Path.of(""), 0, 1);
  }

  /** Leaves nothing behind unless {@link #finish} was called. */
  @Override
  public void close() {
    try {
      release();
      Files.deleteIfExists(partial);
      Files.deleteIfExists(converted);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void release() throws IOException {
    if (!closed) {
      closed = true;
      try (allocator;
          root;
          channel) {
        // Closing the writer would write a footer into an incomplete file.
      }
    }
  }

  /**
   * Refuses a place where predictions cannot or must not be written.
   *
   * @throws MsrException {@code data/FORMAT} if the name tells no format, {@code
   *     evaluation/NO_FOLDER}, {@code evaluation/IN_THE_WAY} if something other than predictions is
   *     there
   */
  public static void requireFree(Path target) {
    ArrowConversion.Format.of(target);
    requireFolder(target);
    requireNothingElse(target);
  }

  private static void requireFolder(Path target) {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new MsrException(
          ErrorType.USER,
          "evaluation/NO_FOLDER",
          "There is no folder %s for the predictions. Create it, or choose another file."
              .formatted(folder));
    }
  }

  private static void requireNothingElse(Path target) {
    if (Files.exists(target) && !holdsPredictions(target)) {
      throw new MsrException(
          ErrorType.USER,
          "evaluation/IN_THE_WAY",
          "%s already exists and does not hold predictions. Choose another file, or move it away."
              .formatted(target));
    }
  }

  private static boolean holdsPredictions(Path file) {
    try (Scratch scratch = scratch();
        RowFile rows = new RowFile(file, "|", Policy.STRICT, scratch.scratch())) {
      // Files of earlier versions have no keys.
      List<String> numbers = NUMBERS.stream().map(Field::getName).toList();
      return rows.columns().stream().limit(numbers.size()).toList().equals(numbers);
    } catch (MsrException e) {
      return false;
    }
  }

  private MsrException failed(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "evaluation/PREDICTIONS",
        "Cannot write "
            + target
            + ": "
            + FileErrors.reason(e)
            + ". Check the folder and free space.",
        e);
  }

  private static Schema schema(List<String> scenarios, boolean leaks, List<String> labels) {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("scenarios", scenarios.stream().collect(joining("\n")));
    if (leaks) {
      metadata.put(LEAK, "true");
    }
    List<Field> fields = new ArrayList<>(NUMBERS);
    fields.addAll(KEYS);
    for (String label : labels) {
      fields.add(Field.nullable(LABEL + label, new ArrowType.Int(8, true)));
      fields.add(
          field(PROBABILITY + label, new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)));
    }
    return new Schema(fields, metadata);
  }

  private static Field field(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), List.of());
  }
}

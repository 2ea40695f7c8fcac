package org.llm4msr.runtime.data.prepared;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.order.RowOrder;
import org.llm4msr.runtime.data.order.TrainingOrder;

/** Prepared data in a folder, memory-mapped. */
public final class PreparedFolder implements PreparedData {

  public static final String USERS = "users.arrow";
  public static final String ITEMS = "items.arrow";
  public static final String GROUPS = "groups.arrow";
  public static final String USER_FEATURES = "user-features.arrow";
  public static final String ITEM_FEATURES = "item-features.arrow";
  public static final String FIELD_SOURCES = "field-sources.json";
  public static final String HISTORIES = "histories.arrow";
  public static final String PAST = "past.arrow";
  public static final String TRAIN_USERS = "train-users.arrow";
  public static final String STATISTICS = "statistics.json";
  static final String VOCABULARY = "vocabulary/";

  /** Columns of {@link #USERS} and {@link #ITEMS}. */
  public static final String KEY = "key";

  public static final String TEXT = "text";
  public static final String TRAINING_ROWS = "training_rows";

  private final Path folder;
  private final DatasetManifest manifest;
  private final Map<Split, SplitReader> splits = new EnumMap<>(Split.class);
  private final ArrowFile users;

  public PreparedFolder(Path folder) {
    this.folder = folder;
    this.manifest = ManifestFile.read(folder);
    checkSizes();
    users = ArrowFile.open(folder.resolve(USERS));
    requireRows(users, manifest.users());
    for (Split split : Split.values()) {
      ArrowFile file = SplitFiles.open(folder, manifest, split);
      requireRows(file, manifest.rows().of(split));
      splits.put(split, new SplitReader(file, split, manifest, folder));
    }
  }

  /** Returns the file of a field's vocabulary, relative to the folder; fields may share it. */
  public static String vocabularyFile(PreparedField field) {
    return VOCABULARY + URLEncoder.encode(field.tableName(), StandardCharsets.UTF_8) + ".arrow";
  }

  /**
   * Returns the file of what else was learned, relative to the folder: a vector field's moments, a
   * bucketed field's bounds.
   */
  public static String learnedFile(String field) {
    return VOCABULARY + URLEncoder.encode(field, StandardCharsets.UTF_8) + ".json";
  }

  private void checkSizes() {
    manifest
        .files()
        .forEach(
            (name, stamp) -> {
              Path file = folder.resolve(name);
              try {
                long bytes = Files.exists(file) ? Files.size(file) : -1;
                if (bytes != stamp.bytes()) {
                  throw DataErrors.data(
                      "CHANGED_FILE",
                      file
                          + (bytes < 0 ? " is missing" : " has " + bytes + " bytes")
                          + "; dataset.json says "
                          + stamp.bytes()
                          + ". Prepare the data again, or copy all of it.");
                }
              } catch (IOException e) {
                throw DataErrors.io(file, e);
              }
            });
  }

  private static void requireRows(ArrowFile file, long expected) {
    if (file.rows() != expected) {
      throw DataErrors.data(
          "ROW_COUNT",
          file.path() + " has " + file.rows() + " rows; dataset.json says " + expected + ".");
    }
  }

  @Override
  public DatasetManifest manifest() {
    return manifest;
  }

  @Override
  public BatchSource training(TrainingOrder order) {
    return reader(Split.TRAIN).shuffled(order);
  }

  @Override
  public BatchSource sequential(Split split, int batchSize) {
    SplitReader reader = reader(split);
    return reader.batches(new RowOrder.Sequential(reader.file()), batchSize);
  }

  @Override
  public BatchSource withoutFields(Split split, int batchSize) {
    SplitReader reader = reader(split);
    return reader.withoutFields(new RowOrder.Sequential(reader.file()), batchSize);
  }

  @Override
  public BatchSource byUser(Split split, int batchSize) {
    return reader(split).byUser(batchSize);
  }

  public SplitReader reader(Split split) {
    SplitReader reader = splits.get(split);
    if (reader == null) {
      throw new IllegalStateException("prepared data is closed: " + folder);
    }
    return reader;
  }

  @Override
  public List<String> userKeys() {
    return new TextColumn(users, KEY);
  }

  @Override
  public BitSet trainingUsers() {
    IdColumn rows = new IdColumn(users, TRAINING_ROWS, Integer.MAX_VALUE);
    BitSet result = new BitSet(manifest.users());
    for (int block = 0; block < users.blocks(); block++) {
      for (int row = 0; row < users.rows(block); row++) {
        if (rows.raw(block, row) > 0) {
          result.set((int) users.start(block) + row);
        }
      }
    }
    return result;
  }

  @Override
  public List<String> itemKeys() {
    ArrowFile items = ArrowFile.open(folder.resolve(ITEMS));
    requireRows(items, manifest.items());
    return new TextColumn(items, KEY);
  }

  @Override
  public BitSet trainingItems() {
    splits.values().forEach(SplitReader::requireItems);
    return reader(Split.TRAIN).items();
  }

  @Override
  public LoggedRows loggedRows(Set<Split> parts, String label) {
    Map<Split, ArrowFile> files = new EnumMap<>(Split.class);
    parts.forEach(part -> files.put(part, reader(part).file()));
    return new FolderLoggedRows(files, manifest, manifest.labelColumn(label));
  }

  @Override
  public float[] valueRows(PreparedField field) {
    return ValueRows.read(ArrowFile.open(folder.resolve(vocabularyFile(field))), field);
  }

  @Override
  public TrainingLog trainingLog() {
    return new FolderTrainingLog(folder, folder, manifest);
  }

  @Override
  public void close() {
    splits.clear();
  }
}

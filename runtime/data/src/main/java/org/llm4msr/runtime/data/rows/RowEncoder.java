package org.llm4msr.runtime.data.rows;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.buckets.HashBuckets;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.ValueRows;
import org.llm4msr.runtime.data.prepared.VectorMoments;
import org.llm4msr.runtime.files.Checksums;

/**
 * Encodes rows of raw ids and values as preparation does, with the vocabularies, statistics, users
 * and items of prepared data. Files are mapped when it is opened, so that the folder may be
 * replaced afterwards; vocabularies are read when rows first need them. Thread-safe.
 */
public final class RowEncoder {

  final DatasetManifest manifest;
  private final Map<String, FieldSource> sources;

  /** In which column rows bring a field, by name. */
  private final Map<String, String> columnOf;

  final Map<String, Integer> ranks;
  private final Map<String, ArrowFile> vocabularyFiles;
  private final Map<String, VectorMoments> moments;
  private final Map<String, FieldIds> fieldIds;
  final Entities users;
  final Entities items;
  final @Nullable RowVectors vectors;
  final @Nullable ModelEvents events;

  private RowEncoder(Path folder, DatasetManifest manifest, Map<String, FieldSource> sources) {
    this.manifest = manifest;
    this.sources = sources;
    columnOf = columns(manifest, sources);
    vectors = null;
    events = null;
    ranks = new HashMap<>();
    vocabularyFiles = new HashMap<>();
    moments = new HashMap<>();
    fieldIds = new ConcurrentHashMap<>();
    manifest.scenarios().forEach(scenario -> ranks.put(scenario.key(), ranks.size()));
    for (PreparedField field : manifest.fields()) {
      if (field.kind() instanceof FieldKind.Bucketed) {
        Path file = folder.resolve(PreparedFolder.learnedFile(field.name()));
        BucketBounds bounds = BucketBounds.read(file, field.vocabularySize());
        fieldIds.put(field.tableName(), FieldIds.Ranges.of(bounds));
      } else if (field.hasVocabulary()) {
        Path file = folder.resolve(PreparedFolder.vocabularyFile(field));
        vocabularyFiles.computeIfAbsent(field.tableName(), name -> ArrowFile.open(file));
      } else if (field.hasIds()) {
        HashBuckets buckets = new HashBuckets(field.vocabularySize() - 1);
        fieldIds.put(field.tableName(), new FieldIds.Hashes(buckets));
      }
      if (field.kind() instanceof FieldKind.Vector vector) {
        moments.put(field.name(), VectorMoments.read(folder, field.name(), vector.size()));
      }
    }
    users =
        Entities.open(
            folder.resolve(PreparedFolder.USERS),
            folder.resolve(PreparedFolder.USER_FEATURES),
            fields(RawTable.USERS));
    items =
        Entities.open(
            folder.resolve(PreparedFolder.ITEMS),
            folder.resolve(PreparedFolder.ITEM_FEATURES),
            fields(RawTable.ITEMS));
    if (users.keys().size() != manifest.users()) {
      throw DataErrors.data(
          "ROW_COUNT",
          "%s has %d users; dataset.json says %d."
              .formatted(folder, users.keys().size(), manifest.users()));
    }
  }

  /**
   * Opens what encoding needs of a folder of prepared data; its split files are not read.
   *
   * @throws MsrException of type DATA, with the file, where it is damaged
   */
  public static RowEncoder open(Path folder) {
    DatasetManifest manifest = ManifestFile.read(folder);
    return new RowEncoder(folder, manifest, FieldSource.read(folder));
  }

  private RowEncoder(RowEncoder other, @Nullable RowVectors vectors, @Nullable ModelEvents events) {
    manifest = other.manifest;
    sources = other.sources;
    columnOf = other.columnOf;
    ranks = other.ranks;
    vocabularyFiles = other.vocabularyFiles;
    moments = other.moments;
    fieldIds = other.fieldIds;
    users = other.users;
    items = other.items;
    this.vectors = vectors;
    this.events = events;
  }

  /**
   * Returns this encoder for a model that reads knowledge. If it reads that of items, rows may
   * bring the vector of theirs in the column {@value RowVectors#COLUMN}.
   */
  public RowEncoder with(RowVectors others) {
    return new RowEncoder(this, others, events);
  }

  /**
   * Returns this encoder for a model that reads the past of users.
   *
   * @param times those of a model whose rows may bring their time and the past of their user; null
   *     for a model without
   */
  public RowEncoder with(@Nullable ModelEvents times) {
    return new RowEncoder(this, vectors, times);
  }

  /** Returns the files of a folder of prepared data that {@link #open} reads. */
  public static List<Path> files(Path folder) {
    List<Path> files = new ArrayList<>();
    List.of(
            ManifestFile.NAME,
            PreparedFolder.FIELD_SOURCES,
            PreparedFolder.USERS,
            PreparedFolder.USER_FEATURES,
            PreparedFolder.ITEMS,
            PreparedFolder.ITEM_FEATURES)
        .forEach(name -> files.add(folder.resolve(name)));
    ManifestFile.read(folder)
        .fields()
        .forEach(
            field -> {
              files.add(folder.resolve(PreparedFolder.vocabularyFile(field)));
              files.add(folder.resolve(PreparedFolder.learnedFile(field.name())));
            });
    // A field has one of them or none, and another program may leave features out.
    return files.stream().distinct().filter(Files::exists).toList();
  }

  /** Returns whether the files of {@link #files} in a folder are those that a manifest states. */
  public static boolean holds(Path folder, DatasetManifest manifest) throws IOException {
    if (!ManifestFile.read(folder).equals(manifest)) {
      return false;
    }
    for (Path file : files(folder)) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      DatasetManifest.FileStamp stated = manifest.files().get(name);
      if (stated != null && !Checksums.of(file).equals(stated.sha256())) {
        return false;
      }
    }
    return true;
  }

  private List<PreparedField> fields(RawTable home) {
    return manifest.fields().stream().filter(field -> home(field) == home).toList();
  }

  private @Nullable RawTable home(PreparedField field) {
    FieldSource source = sources.get(field.name());
    return source == null ? null : source.home();
  }

  /** Returns what the prepared data says of itself. */
  public DatasetManifest manifest() {
    return manifest;
  }

  /** Returns the raw id of each user by index. An unknown user gets the index after the last. */
  public List<String> userKeys() {
    return users.keys();
  }

  /** Returns the raw id of each item by index. An unknown item gets the index after the last. */
  public List<String> itemKeys() {
    return items.keys();
  }

  /** Returns the columns that rows have or may have, each name once. */
  public List<ScoringColumn> columns() {
    List<ScoringColumn> columns = new ArrayList<>();
    FieldSource.IDS.forEach(id -> columns.add(ScoringColumn.id(id)));
    for (PreparedField field : manifest.fields()) {
      if (!isKey(field) && !isCrossed(field) && !FieldSource.IDS.contains(field.name())) {
        if (column(field).equals(field.name())) {
          columns.add(ScoringColumn.of(field, isRequired(field)));
          if (field.weighted()) {
            columns.add(ScoringColumn.weights(field));
          }
        }
      }
    }
    columns.addAll(brought());
    return columns;
  }

  /** Returns whether rows must have the column of a field, for it or another that reads it. */
  private boolean isRequired(PreparedField field) {
    return manifest.fields().stream()
        .filter(reader -> column(reader).equals(field.name()))
        .anyMatch(reader -> stored(reader) == null && alias(reader) == null);
  }

  /** Returns the column in which rows bring a field. */
  private String column(PreparedField field) {
    return requireNonNull(columnOf.get(field.name()), field.name());
  }

  /** Returns how many numbers the vectors have that rows may bring of items; 0 where none may. */
  private int itemDimension() {
    return vectors == null ? 0 : vectors.dimension(Level.ITEM);
  }

  /** Returns what rows may bring that is no field. A field of the same name keeps its column. */
  private List<ScoringColumn> brought() {
    List<ScoringColumn> columns = new ArrayList<>();
    if (itemDimension() > 0) {
      columns.add(ScoringColumn.itemVector(itemDimension()));
    }
    if (events != null) {
      columns.add(ScoringColumn.time());
      columns.add(ScoringColumn.history());
    }
    Set<String> fields = manifest.fields().stream().map(this::column).collect(Collectors.toSet());
    columns.removeIf(column -> fields.contains(column.name()));
    return columns;
  }

  /** Returns in which column rows bring each field; another's only where both are read alike. */
  private static Map<String, String> columns(
      DatasetManifest manifest, Map<String, FieldSource> sources) {
    Map<String, String> columns = new HashMap<>();
    Map<String, FieldKind> forms = new HashMap<>();
    for (PreparedField field : manifest.fields()) {
      columns.put(field.name(), field.name());
      forms.put(field.name(), FieldKinds.brought(field.kind()));
    }
    for (FieldSource source : sources.values()) {
      FieldSource first = source.input() == null ? null : sources.get(source.input());
      if (first != null
          && first.input() == null
          && first.home() == source.home()
          && first.column().equals(source.column())
          && Objects.equals(forms.get(first.field()), forms.get(source.field()))) {
        columns.replace(source.field(), first.field());
      }
    }
    return columns;
  }

  /** Returns users or items where they have the field stored, or null. */
  private @Nullable Entities stored(PreparedField field) {
    RawTable home = home(field);
    if (home == null || home == RawTable.INTERACTIONS) {
      return null;
    }
    Entities entities = home == RawTable.USERS ? users : items;
    return entities.has(field.name()) ? entities : null;
  }

  /** Returns the id column that holds the field's values, or null. */
  private @Nullable String alias(PreparedField field) {
    FieldSource source = sources.get(field.name());
    return source != null && FieldSource.IDS.contains(source.column()) ? source.column() : null;
  }

  private static boolean isCrossed(PreparedField field) {
    return field.kind() instanceof FieldKind.Crossed;
  }

  private boolean isKey(PreparedField field) {
    return stored(field) != null && alias(field) != null;
  }

  /**
   * Decides where each field comes from.
   *
   * @param columns the columns that rows have; those that are not in {@link #columns} are ignored
   * @throws MsrException {@code data/MISSING_COLUMN} naming every required column that is not there
   */
  public RowBinding bind(Set<String> columns) {
    List<String> missing =
        columns().stream()
            .filter(ScoringColumn::required)
            .map(ScoringColumn::name)
            .filter(name -> !columns.contains(name))
            .toList();
    if (!missing.isEmpty()) {
      throw DataErrors.data(
          "MISSING_COLUMN",
          "The rows have no column %s. They have %s; this model needs %s."
              .formatted(
                  String.join(", ", missing),
                  DataErrors.shown(columns),
                  columns().stream()
                      .filter(ScoringColumn::required)
                      .map(ScoringColumn::name)
                      .toList()));
    }
    return new RowBinding(this, inputs(columns), brought(columns));
  }

  private Set<String> brought(Set<String> columns) {
    return brought().stream()
        .map(ScoringColumn::name)
        .filter(columns::contains)
        .collect(Collectors.toSet());
  }

  private List<FieldInput> inputs(Set<String> columns) {
    List<FieldInput> inputs = new ArrayList<>();
    manifest.fields().forEach(field -> inputs.add(input(field, columns, inputs)));
    return inputs;
  }

  private FieldInput input(PreparedField field, Set<String> columns, List<FieldInput> before) {
    Entities entities = isKnownByValue(field) ? null : stored(field);
    boolean given = columns.contains(column(field)) && !isKey(field) && !isCrossed(field);
    return new FieldInput(
        field,
        column(field),
        given,
        alias(field),
        entities == null
            ? null
            : new FieldInput.Stored(entities == users, entities, entities.feature(field.name())),
        field.hasIds() ? () -> ids(field) : null,
        moments.get(field.name()),
        field.kind() instanceof FieldKind.Crossed crossed ? cross(crossed, before) : null);
  }

  private CrossInput cross(FieldKind.Crossed kind, List<FieldInput> before) {
    List<String> names = before.stream().map(input -> input.field().name()).toList();
    List<Integer> fields = kind.parts().stream().map(names::indexOf).toList();
    return new CrossInput(fields, fields.stream().map(before::get).toList());
  }

  /**
   * Returns whether it is an id that is also a value of other fields, of which some may know it.
   */
  private boolean isKnownByValue(PreparedField field) {
    return isKey(field)
        && manifest.fields().stream()
            .anyMatch(
                other ->
                    !other.name().equals(field.name())
                        && other.tableName().equals(field.tableName()));
  }

  private FieldIds ids(PreparedField field) {
    return fieldIds.computeIfAbsent(
        field.tableName(),
        name ->
            new FieldIds.Known(
                Vocabulary.of(requireNonNull(vocabularyFiles.get(name), name), field)));
  }

  /**
   * Returns how many training rows have each value of a field with a vocabulary, by id.
   *
   * @throws MsrException of type DATA where the vocabulary does not say
   */
  public float[] valueRows(PreparedField field) {
    String table = field.tableName();
    return ValueRows.read(requireNonNull(vocabularyFiles.get(table), table), field);
  }

  private void readVocabularies() {
    manifest.fields().stream().filter(PreparedField::hasIds).forEach(this::ids);
  }

  /**
   * Returns the encoding of the rows of requests, for one thread; reads all vocabularies.
   *
   * @param counts of what requests bring, by field; fields that are not there are not counted
   */
  public RequestEncoder requests(Map<String, ValueCounts> counts) {
    readVocabularies();
    Set<String> all = columns().stream().map(ScoringColumn::name).collect(Collectors.toSet());
    return new RequestEncoder(new RowBinding(this, inputs(all), brought(all)), counts);
  }

  /** Returns what tells which values of requests can be read. Safe for several threads. */
  public ValueCheck valueCheck() {
    Set<String> all = columns().stream().map(ScoringColumn::name).collect(Collectors.toSet());
    return new ValueCheck(
        new RowBinding(this, inputs(all), brought(all)), columns(), itemDimension());
  }

  /** Returns what tells the values of rows of requests; reads all vocabularies. */
  public RowValues values() {
    readVocabularies();
    Set<String> all = columns().stream().map(ScoringColumn::name).collect(Collectors.toSet());
    return new RowValues(columns(), inputs(all), users, items);
  }

  /** Makes counts of each field with ids, by name. */
  public Map<String, ValueCounts> newCounts() {
    Map<String, ValueCounts> counts = new LinkedHashMap<>();
    manifest.fields().stream()
        .filter(field -> field.hasIds() && !isCrossed(field))
        .map(PreparedField::name)
        .sorted()
        .forEach(field -> counts.put(field, new ValueCounts()));
    return counts;
  }
}

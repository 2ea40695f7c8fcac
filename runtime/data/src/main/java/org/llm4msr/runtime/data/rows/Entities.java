package org.llm4msr.runtime.data.rows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.KeyIndex;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.prepared.FieldColumn;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedFolder;

/** The users or items of prepared data with their encoded features. Thread-safe. */
final class Entities {

  private final List<String> keys;
  private final KeyIndex index = new KeyIndex();
  private final ArrowFile file;
  private final Map<String, FieldColumn> features;

  private Entities(ArrowFile file, List<String> keys, Map<String, FieldColumn> features) {
    this.file = file;
    this.keys = keys;
    this.features = features;
    keys.forEach(index::add);
    if (index.size() != keys.size()) {
      throw DataErrors.data("DUPLICATE_KEY", file.path() + " has a repeated key.");
    }
  }

  /**
   * Opens users or items.
   *
   * @param keyFile file of the keys
   * @param featureFile file of the features, which may be absent
   * @param fields the fields that are features of these
   */
  static Entities open(Path keyFile, Path featureFile, List<PreparedField> fields) {
    ArrowFile file = ArrowFile.open(keyFile);
    List<String> keys = new TextColumn(file, PreparedFolder.KEY);
    if (!Files.exists(featureFile)) {
      return new Entities(file, keys, Map.of());
    }
    ArrowFile features = ArrowFile.open(featureFile);
    if (features.rows() != file.rows()) {
      throw DataErrors.data(
          "ROW_COUNT",
          "%s has %d rows, %s has %d."
              .formatted(featureFile, features.rows(), keyFile, file.rows()));
    }
    return new Entities(
        features,
        keys,
        fields.stream()
            .collect(Collectors.toMap(PreparedField::name, f -> FieldColumn.open(features, f))));
  }

  List<String> keys() {
    return keys;
  }

  /** Returns a key's number, or -1. */
  int find(String key) {
    return index.find(key);
  }

  boolean has(String field) {
    return features.containsKey(field);
  }

  /** Returns what copies a feature of a number into a row. */
  FieldColumn feature(String field) {
    FieldColumn column = features.get(field);
    if (column == null) {
      throw new IllegalArgumentException("no feature " + field);
    }
    return column;
  }

  long locate(int number) {
    return file.locate(number);
  }
}

package org.llm4msr.runtime.data.prepared;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.buckets.HashBuckets;

/**
 * The ids that a folder of prepared data gave, without anything else being loaded.
 *
 * @param folder of prepared data, or of a bundle's part of it
 * @param manifest what it says of itself
 */
public record PreparedIds(Path folder, DatasetManifest manifest) {

  /** Opens a folder. */
  public static PreparedIds open(Path folder) {
    return new PreparedIds(folder, ManifestFile.read(folder));
  }

  /**
   * Returns the values of a field by rising id, the first of which is 1; none without a vocabulary.
   */
  public List<String> values(PreparedField field) {
    if (!field.hasVocabulary()) {
      return List.of();
    }
    Path file = folder.resolve(PreparedFolder.vocabularyFile(field));
    return new TextColumn(ArrowFile.open(file), "value");
  }

  /**
   * Returns what the ids of a field are called, by rising id from 1: the values, or the buckets of
   * hashed ones; none of a field of numbers.
   */
  public List<String> names(PreparedField field) {
    return field.hasIds() && !field.hasVocabulary()
        ? new HashBuckets(field.vocabularySize() - 1).names()
        : values(field);
  }

  /** Returns the ranges of a bucketed field; nothing for another kind of field. */
  public Optional<BucketBounds> bounds(PreparedField field) {
    Path file = folder.resolve(PreparedFolder.learnedFile(field.name()));
    return field.kind() instanceof FieldKind.Bucketed
        ? Optional.of(BucketBounds.read(file, field.vocabularySize()))
        : Optional.empty();
  }

  /** Returns the raw ids of the users by index. */
  public List<String> users() {
    return column(PreparedFolder.USERS, PreparedFolder.KEY);
  }

  /** Returns the raw ids of the items by index. */
  public List<String> items() {
    return column(PreparedFolder.ITEMS, PreparedFolder.KEY);
  }

  /** Returns the texts of the items by index; empty where an item has none. */
  public List<String> itemTexts() {
    return column(PreparedFolder.ITEMS, PreparedFolder.TEXT);
  }

  private List<String> column(String file, String column) {
    return new TextColumn(ArrowFile.open(folder.resolve(file)), column);
  }

  /** Returns how a field's vectors are standardised; nothing for another kind of field. */
  public Optional<VectorMoments> moments(PreparedField field) {
    return field.kind() instanceof FieldKind.Vector vector
        ? Optional.of(VectorMoments.read(folder, field.name(), vector.size()))
        : Optional.empty();
  }

  /** Returns the keys of the scenarios by rank. */
  public List<String> scenarios() {
    return manifest.scenarioKeys();
  }

  /** Returns whether this data has all ids and ranks of the other data, and perhaps more. */
  public boolean extend(PreparedIds other) {
    List<PreparedField> fields = other.manifest.fields();
    if (fields.size() != manifest.fields().size() || !begins(scenarios(), other.scenarios())) {
      return false;
    }
    for (int f = 0; f < fields.size(); f++) {
      if (!extend(manifest.fields().get(f), other, fields.get(f))) {
        return false;
      }
    }
    return true;
  }

  private boolean extend(PreparedField own, PreparedIds other, PreparedField field) {
    return own.name().equals(field.name())
        && own.kind().equals(field.kind())
        && own.tableName().equals(field.tableName())
        && own.weighted() == field.weighted()
        && own.mean() == field.mean()
        && own.deviation() == field.deviation()
        && moments(own).equals(other.moments(field))
        && bounds(own).equals(other.bounds(field))
        && begins(values(own), other.values(field));
  }

  private static boolean begins(List<String> all, List<String> first) {
    return all.size() >= first.size() && all.subList(0, first.size()).equals(first);
  }
}

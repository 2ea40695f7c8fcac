package org.llm4msr.runtime.data.slices;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitColumns;
import org.llm4msr.runtime.data.prepared.SplitFiles;
import org.llm4msr.runtime.text.NearestName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The slices of the rows of one part of prepared data. What decides them is counted over the
 * training part once, and each row is then looked up in place: memory grows with the users, items
 * and values, not with the rows.
 */
public final class RowSlices {

  /** Slices by training rows of the item: 0, 1-4, 5+. */
  public static final String ITEM_ROWS = "item-rows";

  /** Slices by training rows of the user: 0, 1-9, 10+. */
  public static final String USER_ROWS = "user-rows";

  private static final Logger LOG = LoggerFactory.getLogger(RowSlices.class);

  private final Path folder;
  private final DatasetManifest manifest;
  private final ArrowFile train;
  private final ArrowFile part;

  private RowSlices(Path folder, Split split) {
    this.folder = folder;
    this.manifest = ManifestFile.read(folder);
    this.train = file(Split.TRAIN);
    this.part = file(split);
  }

  private ArrowFile file(Split split) {
    return SplitFiles.open(folder, manifest, split);
  }

  /**
   * Returns ways to divide the rows of a part. Data without {@code item_index} has no slices by
   * item.
   *
   * @param prepared folder of prepared data
   * @param names {@value #ITEM_ROWS}, {@value #USER_ROWS} or fields other than vectors
   * @throws MsrException {@code data/NO_SLICES} for another name, and for a field of vectors
   */
  public static List<Slicing> of(Path prepared, Split split, List<String> names) {
    RowSlices slices = new RowSlices(prepared, split);
    return names.stream().distinct().flatMap(slices::slicing).toList();
  }

  private Stream<Slicing> slicing(String name) {
    if (name.equals(ITEM_ROWS)) {
      if (!train.has(SplitColumns.ITEM) || !part.has(SplitColumns.ITEM)) {
        LOG.warn("{} has no {}: no slices by {}", part.path(), SplitColumns.ITEM, name);
        return Stream.empty();
      }
      return Stream.of(byRows(name, "item", SplitColumns.ITEM, manifest.items(), 5));
    }
    if (name.equals(USER_ROWS)) {
      return Stream.of(byRows(name, "user", SplitColumns.USER, manifest.users(), 10));
    }
    return Stream.of(new Slicing(name, name, rule(field(name)), part));
  }

  private Slicing byRows(String name, String what, String column, int ids, int many) {
    int[] rows = TrainingCounts.of(train, new IdColumn(train, column, ids), ids);
    CountRule rule = new CountRule(new IdColumn(part, column, ids), rows, List.of(0, 1, many));
    return new Slicing(name, "training rows of the " + what, rule, part);
  }

  private PreparedField field(String name) {
    PreparedField field =
        manifest.fields().stream()
            .filter(each -> each.name().equals(name))
            .findFirst()
            .orElseThrow(() -> noSlices(name, "is no field of " + folder));
    if (isVector(field)) {
      throw noSlices(name, "is a vector and has no slices");
    }
    return field;
  }

  private static boolean isVector(PreparedField field) {
    return field.kind() instanceof FieldKind.Vector;
  }

  private MsrException noSlices(String name, String why) {
    List<String> known = new ArrayList<>(List.of(ITEM_ROWS, USER_ROWS));
    manifest.fields().stream()
        .filter(field -> !isVector(field))
        .forEach(field -> known.add(field.name()));
    return DataErrors.user(
        "NO_SLICES",
        "evaluation.slices has '%s', which %s.%s It may have %s."
            .formatted(name, why, NearestName.hint(name, known), String.join(", ", known)));
  }

  private Slicing.Rule rule(PreparedField field) {
    String name = field.name();
    int ids = field.vocabularySize();
    if (field.kind() instanceof FieldKind.Numeric) {
      float[] quartiles = Quartiles.of(train, new NumberColumn(train, name));
      return new NumberRule(field, new NumberColumn(part, name), quartiles);
    }
    List<String> values = new PreparedIds(folder, manifest).names(field);
    if (FieldForm.of(field.kind()) == FieldForm.ID) {
      IdColumn own = new IdColumn(part, name, ids);
      int[] rows = TrainingCounts.of(train, new IdColumn(train, name, ids), ids);
      return new ValueRule(pick -> new int[] {own.get(pick)}, rows, values);
    }
    IdListColumn own = new IdListColumn(part, name, ids);
    int[] rows = TrainingCounts.of(train, new IdListColumn(train, name, ids), ids);
    return new ValueRule(own::get, rows, values);
  }
}

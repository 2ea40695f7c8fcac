package org.llm4msr.runtime.data.prepared;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.arrow.ListWeightColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.arrow.VectorColumn;

/** One column of encoded values, read in place. */
public sealed interface FieldColumn {

  static FieldColumn open(ArrowFile file, PreparedField field) {
    if (field.kind() instanceof FieldKind.Vector vector) {
      return new OneVector(new VectorColumn(file, field.name(), vector.size()), vector.size());
    }
    return switch (FieldForm.of(field.kind())) {
      case ID -> new OneId(new IdColumn(file, field.name(), field.vocabularySize()));
      case IDS ->
          new ManyIds(
              new IdListColumn(file, field.name(), field.vocabularySize()),
              field.weighted()
                  ? new ListWeightColumn(file, SplitColumns.weightsOf(field.name()))
                  : null);
      default -> new OneNumber(new NumberColumn(file, field.name()));
    };
  }

  /** Copies the values at the picked places. */
  void gather(long[] picks, int count, FieldValues target);

  /** Copies one value into one row; lists are filled row after row. */
  void copy(long pick, FieldValues target, int row);

  record OneId(IdColumn column) implements FieldColumn {
    @Override
    public void gather(long[] picks, int count, FieldValues target) {
      column.gather(picks, count, ((FieldValues.Ids) target).ids());
    }

    @Override
    public void copy(long pick, FieldValues target, int row) {
      ((FieldValues.Ids) target).ids()[row] = column.get(pick);
    }
  }

  record ManyIds(IdListColumn column, @Nullable ListWeightColumn weights) implements FieldColumn {
    @Override
    public void gather(long[] picks, int count, FieldValues target) {
      FieldValues.IdLists lists = (FieldValues.IdLists) target;
      column.gather(picks, count, lists);
      if (weights != null) {
        weights.gather(picks, count, lists);
      }
    }

    @Override
    public void copy(long pick, FieldValues target, int row) {
      int[] ids = column.get(pick);
      float[] ofIds = weights == null ? null : weights.get(pick, ids.length);
      ((FieldValues.IdLists) target).set(row, ids, ofIds, ids.length);
    }
  }

  record OneNumber(NumberColumn column) implements FieldColumn {
    @Override
    public void gather(long[] picks, int count, FieldValues target) {
      column.gather(picks, count, ((FieldValues.Numbers) target).values());
    }

    @Override
    public void copy(long pick, FieldValues target, int row) {
      ((FieldValues.Numbers) target).values()[row] = column.get(pick);
    }
  }

  record OneVector(VectorColumn column, int size) implements FieldColumn {
    @Override
    public void gather(long[] picks, int count, FieldValues target) {
      column.gather(picks, count, ((FieldValues.Vectors) target).values());
    }

    @Override
    public void copy(long pick, FieldValues target, int row) {
      column.copy(pick, ((FieldValues.Vectors) target).values(), row * size);
    }
  }

  /** The values that users or items have in a file of theirs, for rows that name them. */
  record OfEntity(IdColumn index, ArrowFile entities, FieldColumn values) implements FieldColumn {

    /** Finds the file that has the field. */
    static OfEntity open(
        ArrowFile rows, PreparedField field, DatasetManifest manifest, Path folder) {
      ArrowFile users = having(field, folder.resolve(PreparedFolder.USER_FEATURES));
      if (users != null) {
        IdColumn index = new IdColumn(rows, SplitColumns.USER, manifest.users());
        return of(index, users, field, manifest.users());
      }
      ArrowFile items = having(field, folder.resolve(PreparedFolder.ITEM_FEATURES));
      if (items != null) {
        IdColumn index = new IdColumn(rows, SplitColumns.ITEM, manifest.items());
        return of(index, items, field, manifest.items());
      }
      throw DataErrors.data(
          "MISSING_COLUMN",
          "%s has no column '%s', nor has %s or %s beside it. Write the vectors into one of them."
              .formatted(
                  rows.path(),
                  field.name(),
                  PreparedFolder.USER_FEATURES,
                  PreparedFolder.ITEM_FEATURES));
    }

    /** Returns a file that another program may leave out; null if it does not have the field. */
    private static @Nullable ArrowFile having(PreparedField field, Path features) {
      if (!Files.exists(features)) {
        return null;
      }
      ArrowFile file = ArrowFile.open(features);
      return file.has(field.name()) ? file : null;
    }

    private static OfEntity of(IdColumn index, ArrowFile file, PreparedField field, int expected) {
      if (file.rows() != expected) {
        throw DataErrors.data(
            "ROW_COUNT",
            "%s has %d rows; dataset.json says %d.".formatted(file.path(), file.rows(), expected));
      }
      return new OfEntity(index, file, FieldColumn.open(file, field));
    }

    @Override
    public void gather(long[] picks, int count, FieldValues target) {
      int[] numbers = new int[count];
      index.gather(picks, count, numbers);
      long[] places = new long[count];
      for (int i = 0; i < count; i++) {
        places[i] = entities.locate(numbers[i]);
      }
      values.gather(places, count, target);
    }

    @Override
    public void copy(long pick, FieldValues target, int row) {
      values.copy(entities.locate(index.get(pick)), target, row);
    }
  }
}

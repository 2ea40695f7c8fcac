package org.llm4msr.runtime.data.prepared;

import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.tables.FieldValues;

/** One column of encoded values, read in place. */
public sealed interface FieldColumn {

  static FieldColumn open(ArrowFile file, PreparedField field) {
    FieldKind kind = field.kind();
    if (kind instanceof FieldKind.Categorical) {
      return new OneId(new IdColumn(file, field.name(), field.vocabularySize()));
    }
    if (kind instanceof FieldKind.MultiCategorical) {
      return new ManyIds(new IdListColumn(file, field.name(), field.vocabularySize()));
    }
    return new OneNumber(new NumberColumn(file, field.name()));
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

  record ManyIds(IdListColumn column) implements FieldColumn {
    @Override
    public void gather(long[] picks, int count, FieldValues target) {
      column.gather(picks, count, (FieldValues.IdLists) target);
    }

    @Override
    public void copy(long pick, FieldValues target, int row) {
      int[] ids = column.get(pick);
      ((FieldValues.IdLists) target).set(row, ids, ids.length);
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
}
